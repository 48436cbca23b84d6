import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { machineId } from '#linux/machine-id.ts';
import type { ServerScope } from '#protocol/server.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a server's files are, unless it is told otherwise (design: 3-interface, omnid). */
export interface ServerPaths {
  readonly stateFolder: string;
  readonly database: string;
  readonly socket: string;
  readonly config: string;
}

/** The files of a system server, or of the user's. A user's state carries the machine's id: homes are shared. */
export function defaultPaths(scope: ServerScope, environment: Environment): ServerPaths {
  if (scope === 'system') {
    return {
      stateFolder: '/var/lib/omnimind',
      database: '/var/lib/omnimind/omnid.db',
      socket: '/run/omnimind/omnid.sock',
      config: '/etc/omnimind/omnid.toml',
    };
  }
  const home = absolute(environment['HOME']) ?? homedir();
  const stateHome = absolute(environment['XDG_STATE_HOME']) ?? join(home, '.local', 'state');
  const configHome = absolute(environment['XDG_CONFIG_HOME']) ?? join(home, '.config');
  const stateFolder = join(stateHome, 'omnimind', machineId());
  const runtime = absolute(environment['XDG_RUNTIME_DIR']);
  return {
    stateFolder,
    database: join(stateFolder, 'omnid.db'),
    socket: runtime === undefined ? join(stateFolder, 'run', 'omnid.sock') : join(runtime, 'omnimind', 'omnid.sock'),
    config: join(configHome, 'omnimind', 'omnid.toml'),
  };
}

/** Where a server pins what is to outlive it in the kernel: a folder for each state folder, on the bpffs that systemd mounts. */
export function pinFolderOf(stateFolder: string): string {
  const name = createHash('sha256').update(resolve(stateFolder)).digest('hex').slice(0, 12);
  return join('/sys/fs/bpf/omnimind', name);
}

/** A relative path in these variables is to be ignored (XDG Base Directory Specification). */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith('/') === true ? path : undefined;
}
