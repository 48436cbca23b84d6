import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';

/** A pid beyond every kernel's limit (PID_MAX_LIMIT is 2^22): it never names a process. */
export const noPid = 2 ** 22 + 1;

export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Who it runs as (where the test is root). */
  readonly uid?: number;
}

/**
 * A process tree of the test's own. Everything in it that waits reads from one pipe that the test holds, so that it
 * ends with the test even where nobody ends it.
 */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when it was reaped. */
  readonly ended: Promise<void>;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Writes to the pipe that it waits on. */
  say(text: string): void;
  /** SIGKILL, and waits until it is reaped. */
  kill(): Promise<void>;
}

/** Runs a shell script, in which 3 is the pipe to wait on: `cat <&3`. */
export function runScript(script: string, options: ScriptOptions = {}): TestProcess {
  const { env = {}, args = [], uid } = options;
  return adopt(
    spawn('/bin/sh', ['-c', script, 'sh', ...args], {
      cwd: '/',
      // Not stdin: Node closes that when the shell exits, and what it left behind is to live on.
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    }),
  );
}

/** A process that waits until it is ended; SIGTERM ends it. */
export async function startSleeper(options: ScriptOptions = {}): Promise<TestProcess> {
  const sleeper = runScript('echo ready; exec cat <&3', options);
  await sleeper.line();
  return sleeper;
}

/** A process that ignores SIGTERM. */
export async function startStubborn(options: ScriptOptions = {}): Promise<TestProcess> {
  const stubborn = runScript("trap '' TERM; echo ready; exec cat <&3", options);
  await stubborn.line();
  return stubborn;
}

/** Wraps a child that prints lines, and waits on the pipe that is its last descriptor. */
export function adopt(child: ChildProcess): TestProcess {
  const held = child.stdio[3];
  const pipe = (held instanceof Writable ? held : child.stdin) as Writable;
  const lines: string[] = [];
  let takers: ((line: string | undefined) => void)[] = [];
  let rest = '';
  let over = false;
  const settle = (): void => {
    while (takers.length > 0 && (lines.length > 0 || over)) takers.shift()?.(lines.shift());
  };
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    settle();
  });
  child.stdout?.on('end', () => {
    over = true;
    settle();
  });
  pipe.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => undefined);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    kill,
    say: (text) => pipe.write(text),
    line: async () => {
      const line = await new Promise<string | undefined>((resolve) => {
        takers = [...takers, resolve];
        settle();
      });
      if (line === undefined) throw new Error('the process printed no further line');
      return line;
    },
    [Symbol.asyncDispose]: async () => {
      pipe.destroy();
      await kill();
    },
  };
}

/** Does the process run? A zombie, or one that started at another time, does not. */
export function runs(pid: number, startTicks?: string): boolean {
  const stat = readStat(pid);
  return (
    stat !== undefined &&
    stat.state !== 'Z' &&
    stat.state !== 'X' &&
    (startTicks === undefined || stat.startTicks === startTicks)
  );
}

/**
 * SIGKILL for a process further down in a tree of the test's own, if it is still the one that started then. Between
 * the look and the signal its parent in the tree would have to reap it and the kernel to go once through all pids.
 */
export function killMember(pid: number, startTicks: string): void {
  if (runs(pid, startTicks)) process.kill(pid, 'SIGKILL');
}

/** Field 22 of /proc/PID/stat. @throws Error where no process has the pid */
export function startTicksOf(pid: number): string {
  const stat = readStat(pid);
  if (stat === undefined) throw new Error(`no process has pid ${String(pid)}`);
  return stat.startTicks;
}

/** Who its parent is. @throws Error where no process has the pid */
export function parentOf(pid: number): number {
  const stat = readStat(pid);
  if (stat === undefined) throw new Error(`no process has pid ${String(pid)}`);
  return stat.ppid;
}

function readStat(pid: number): { state: string; ppid: number; startTicks: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', ppid: Number(fields[1]), startTicks: fields[19] ?? '' };
}
