import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { onTestFinished } from 'vitest';

/** The interpreter itself: one that is found by PATH may be a script of shells that starts it. */
export const python: string = existsSync('/usr/bin/python3')
  ? '/usr/bin/python3'
  : spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).stdout.trim();

/** A process of the test's own; killed when the test ends. */
export interface OwnProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its next line of output. */
  readonly line: () => Promise<string>;
  /** Lets a process that reads its input go on. */
  readonly go: () => void;
  readonly exited: Promise<unknown>;
}

/** Starts a program with pipes, in a process group of its own where asked for. */
export async function start(command: string, args: readonly string[], detached = false): Promise<OwnProcess> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], detached });
  const exited = once(child, 'exit');
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  });
  child.stdin.on('error', () => undefined);
  const lines = linesOf(child);
  const line = async (): Promise<string> => String((await lines.next()).value ?? '');
  return { pid, child, line, go: () => child.stdin.write('go\n'), exited };
}

async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of stdout ?? []) {
    text += String(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
  return undefined;
}

/** A process that does nothing, and dies by any signal. */
export function sleeper(): Promise<OwnProcess> {
  return start('/bin/sleep', ['300']);
}

/** A process that ignores SIGTERM; and SIGINT and SIGHUP. It has said so when this resolves. */
export async function ignorer(): Promise<OwnProcess> {
  const process = await start('/bin/sh', ['-c', 'trap "" TERM INT HUP; echo ready; exec sleep 300']);
  await process.line();
  return process;
}

/** Starts a script of Python's; it is waited for with `line` and `exited`. */
export function pythonScript(script: string, ...args: readonly (string | number)[]): Promise<OwnProcess> {
  return start(python, ['-c', script, ...args.map(String)]);
}
