import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** What a command prints. @throws Error with what it said on stderr where it fails or is not there */
export async function output(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { env = {}, ...rest } = options;
  const { stdout } = await execute(command, args, {
    ...rest,
    env: { ...process.env, LC_ALL: 'C', ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Where a command of this name lies on the PATH. Debian keeps some in sbin, which is not on every user's. */
export async function findCommand(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin']) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}
