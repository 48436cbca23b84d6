import { execFile } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');

/** What npm and Vitest put into the environment of a script, and what a user's shell does not have. */
const ofTheTestRun = /^(npm_|NODE_|VITEST|INIT_CWD$|PATH$)/;

/** The environment of a shell that knows nothing of this checkout: its `node` is the machine's, of any version. */
export function machineEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !ofTheTestRun.test(name));
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !/\/node_modules\/\.bin$|\/node-gyp-bin$/.test(folder));
  return { ...Object.fromEntries(kept), PATH: path.join(':'), ...extra };
}

export interface Outcome {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command to its end, however it ends. */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env = machineEnvironment() }: RunOptions = {},
): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const child = execFile(command, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
    if (error !== null && typeof error.code === 'string') reject(error);
    else resolve({ status: child.exitCode, signal: child.signalCode, stdout, stderr });
  });
  return promise;
}

/** The same, for what must succeed. @returns what it printed */
export async function runOk(command: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const outcome = await run(command, args, options);
  if (outcome.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: ${String(outcome.signal ?? outcome.status)}\n${outcome.stdout}${outcome.stderr}`,
    );
  }
  return outcome.stdout;
}
