import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Omnid } from '#test/support/server/omnid.ts';

const execute = promisify(execFile);

/** The command as users have it: the launcher, and the bundle. */
const command = '/omnimind/node_modules/.bin/omnictl';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs omnictl against a server. */
export async function omnictl(omnid: Omnid, ...args: readonly string[]): Promise<Said> {
  try {
    const { stdout, stderr } = await execute(command, ['--socket', omnid.socket, ...args]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code = -1, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { code, stdout, stderr };
  }
}
