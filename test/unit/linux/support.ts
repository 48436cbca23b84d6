import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, where `#linux/…` can be imported from. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A pid beyond every kernel's limit (PID_MAX_LIMIT is 2^22): it never names a process. */
export const NO_PID = 2 ** 22 + 1;

/**
 * A process of the test's own, ended with it. It is `cat` on a pipe: it answers when it really runs, and ends by itself
 * when the test is gone.
 */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What the script before `cat` printed. */
  readonly printed: string;
  /** SIGKILLs it and waits until it is reaped. Idempotent. */
  readonly end: () => Promise<void>;
}

/** Starts `cat`; its environment is `env` alone where it is given. */
export async function startProcess(env?: NodeJS.ProcessEnv): Promise<TestProcess> {
  return answer(spawn('/bin/cat', [], { stdio: 'pipe', ...(env === undefined ? {} : { env }) }));
}

/** Starts a shell script that ends in `exec cat`, say to set something up before. */
export async function startScript(script: string, ...args: readonly string[]): Promise<TestProcess> {
  return answer(spawn('/bin/sh', ['-c', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** Starts a copy of `cat` under any file name, of which the kernel makes the process' name (15 bytes of it). */
export async function startNamed(name: Buffer): Promise<TestProcess> {
  const folder = makeFolder();
  try {
    copyFileSync('/bin/cat', join(folder.path, 'plain'));
    renameSync(join(folder.path, 'plain'), Buffer.concat([Buffer.from(`${folder.path}/`), name]));
    // Node passes arguments as UTF-8 alone: the shell finds the name by itself.
    return await startScript('cd "$1" && exec ./*', 'sh', folder.path);
  } finally {
    folder[Symbol.dispose]();
  }
}

async function answer(child: ChildProcess): Promise<TestProcess> {
  const ended = once(child, 'close');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  child.stdin?.on('error', () => undefined);
  child.stdin?.write('ready\n');
  let printed = '';
  while (!printed.endsWith('ready\n')) {
    const chunk = await Promise.race([once(child.stdout ?? child, 'data'), ended.then(() => undefined)]);
    if (chunk === undefined) throw new Error(`the test process did not start: ${printed}`);
    printed += String(chunk[0]);
  }
  return { pid: child.pid ?? 0, child, printed: printed.slice(0, -6), end, [Symbol.asyncDispose]: end };
}

/** A shell would reap its child: it has become `cat`, which does not, before the child exits. */
const ZOMBIE_SCRIPT = `
  (until read -r comm < /proc/$$/comm && [ "$comm" = cat ]; do :; done) >/dev/null & echo $!
  exec cat`;

/** A process that has exited, or is about to, and that nobody reaps while its parent lives. */
export async function startZombie(): Promise<{ parent: TestProcess; pid: number } & AsyncDisposable> {
  const parent = await startScript(ZOMBIE_SCRIPT);
  return { parent, pid: Number.parseInt(parent.printed, 10), [Symbol.asyncDispose]: parent.end };
}

/** A folder of the test's own, removed with it. */
export function makeFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'omnimind-linux-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** What a program printed, and how it ended. */
export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Runs TypeScript-free module code with this node, in the checkout; `prefix` is a command that starts it. */
export async function runModule(code: string, prefix: readonly string[] = []): Promise<ProgramResult> {
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '-e', code];
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [exitCode, exitSignal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { ...output, code: exitCode, signal: exitSignal };
}

/** Where the descriptors of this process lead, to see that none stays behind. */
export function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
