import { spawn } from 'node:child_process';
import { adopt, type TestProcess } from '#test/support/server/processes.ts';
import type { Taker } from './kinds.ts';
import { taker } from './programs.ts';

const mebibyte = 2 ** 20;
export { mebibyte };

/** The kernel may pick it, whoever its parent is; it may begin in another cgroup. */
const script = 'echo 0 >/proc/self/oom_score_adj; [ -z "$1" ] || echo 0 >"$1/cgroup.procs"; shift; exec "$@"';

/** A command for `spawn` that the kernel may pick. @param group folder of the cgroup that it joins; default: its parent's */
export function mortal(group = ''): readonly [string, ...string[]] {
  return ['/bin/sh', '-c', script, 'sh', group];
}

export interface PerlOptions {
  readonly group?: string;
  /** What its parent is kept from, it is too. */
  readonly isSafe?: boolean;
}

/** Starts a program of the contest in a session of its own, as a service or a terminal's job has one. It is ready when this resolves. */
export async function perl(text: string, args: readonly (string | number)[], options: PerlOptions = {}): Promise<TestProcess> {
  const { group, isSafe = false } = options;
  const [command, ...rest] = [...(isSafe ? ['/usr/bin/env'] : mortal(group)), '/usr/bin/perl', '-e', text];
  const child = adopt(
    spawn(command ?? '', [...rest, ...args.map((each) => String(each))], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      detached: true,
    }),
  );
  await child.line();
  return child;
}

/** Starts who takes memory when it is told to, by this name. */
export function startTaker(name: string, what: Partial<Taker>, group?: string): Promise<TestProcess> {
  const { count = 1, sizeMiB = 10, chunkMiB = 0, pauseMs = 0, mostMiB = sizeMiB, generations = 0 } = what;
  const numbers = [count, sizeMiB, chunkMiB, pauseMs, mostMiB, what.ignoresTerm === true ? 1 : 0, generations];
  const args = [name, ...numbers.map((each) => Math.round(each))];
  return perl(taker, args, group === undefined ? {} : { group });
}
