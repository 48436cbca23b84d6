import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** The variables that paths are taken from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the system's server listens. */
export const systemSocketPath = '/run/omnimind/omnid.sock';

const machineIdFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/**
 * Names this machine: homes are shared between machines, state is not.
 *
 * @param files where the id may stand (machine-id(5)), first match counts
 * @returns 32 hexadecimal digits; made from the host's name where no file has them
 */
export function machineId(files: readonly string[] = machineIdFiles): string {
  for (const file of files) {
    const id = readId(file);
    if (id !== undefined) return id;
  }
  // Fetched here and not imported: nearly every machine has the file, and the module costs at every start.
  const { hash } = process.getBuiltinModule('node:crypto');
  return hash('sha256', `omnimind:${hostname()}`, 'hex').slice(0, 32);
}

/** An image that was never booted has the word `uninitialized` in it, or nothing. */
function readId(file: string): string | undefined {
  try {
    const id = readFileSync(file, 'utf8').trim().toLowerCase();
    return /^[0-9a-f]{32}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The state folder of a user's server: `$XDG_STATE_HOME/omnimind/<machine-id>`.
 *
 * @param env variables; a relative XDG path is ignored, as its specification says
 */
export function stateFolder(env: Environment = process.env): string {
  const base = absolute(env['XDG_STATE_HOME']) ?? join(absolute(env['HOME']) ?? homedir(), '.local', 'state');
  return join(base, 'omnimind', machineId());
}

/** Where a user's own server listens: in $XDG_RUNTIME_DIR, without that in its state folder. */
export function userSocketPath(env: Environment = process.env): string {
  const runtime = absolute(env['XDG_RUNTIME_DIR']);
  return runtime === undefined ? join(stateFolder(env), 'run', 'omnid.sock') : join(runtime, 'omnimind', 'omnid.sock');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

/**
 * Which sockets a client tries, in order (design: "Which server").
 *
 * @param options `socket`: this one alone; `env`: variables, OMNIMIND_SOCKET first among them
 * @returns absolute paths: one where it was named, else the system's and the user's
 */
export function findSocket(
  options: { readonly socket?: string | undefined; readonly env?: Environment } = {},
): readonly string[] {
  const env = options.env ?? process.env;
  const named = options.socket ?? nonEmpty(env['OMNIMIND_SOCKET']);
  // Absolute from here on: the program may change its folder before a reconnect.
  if (named !== undefined) return [resolve(named)];
  return [systemSocketPath, userSocketPath(env)];
}
