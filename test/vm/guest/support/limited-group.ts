import { mkdirSync, readFileSync } from 'node:fs';

/** Makes a cgroup beside the scenario's own, with all that may be limited there. @returns its folder and its path from the root */
export function makeGroup(name: string): { readonly folder: string; readonly path: string } {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '';
  const path = `${own.slice(0, own.lastIndexOf('/'))}/${name}`;
  const folder = `/sys/fs/cgroup${path}`;
  mkdirSync(folder);
  return { folder, path };
}
