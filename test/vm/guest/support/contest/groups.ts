import { readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { until } from '#test/support/server/until.ts';
import { makeGroup } from '../limited-group.ts';
import { mebibyte } from './cast.ts';

/** A cgroup of a contest's; whoever is left in it is ended with the contest. */
export interface CastGroup extends AsyncDisposable {
  readonly folder: string;
  /** Its processes. */
  members(): readonly number[];
}

let count = 0;

/** @param limitMiB its `memory.max` */
export function castGroup(limitMiB?: number): CastGroup {
  count += 1;
  const { folder } = makeGroup(`cast-${String(count)}`);
  if (limitMiB !== undefined) writeFileSync(`${folder}/memory.max`, String(limitMiB * mebibyte));
  const members = (): readonly number[] =>
    readFileSync(`${folder}/cgroup.procs`, 'latin1').split('\n').filter(Boolean).map(Number);
  return {
    folder,
    members,
    [Symbol.asyncDispose]: async () => {
      writeFileSync(`${folder}/cgroup.kill`, '1');
      await until(() => members().length === 0);
      await until(() => isRemoved(folder));
    },
  };
}

/** The last of its processes may be on its way out. */
function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
