import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { runScript, runs, startTicksOf, type TestProcess } from '#test/support/server/processes.ts';

/** Forks that may take the number first: other threads and processes of the namespace. */
const triesMax = 50;

export interface Newcomer extends TestProcess {
  readonly startTicks: string;
  /** @throws AssertionError where somebody has ended it */
  assertRuns(): void;
}

/** Starts a process, and waits for nothing: it has its start time from the fork on. */
export function startNow(script = 'exec cat <&3'): Promise<Newcomer> {
  const started = runScript(script);
  const startTicks = startTicksOf(started.pid);
  return Promise.resolve({
    ...started,
    startTicks,
    assertRuns: () => {
      assert.ok(runs(started.pid, startTicks), 'the newcomer was ended');
    },
  });
}

/** Starts a process under this pid, which must be free (pid_namespaces(7), ns_last_pid). */
export async function startWithPid(pid: number): Promise<Newcomer> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const newcomer = await startNow();
    if (newcomer.pid === pid) return newcomer;
    await newcomer[Symbol.asyncDispose]();
  }
  throw new Error(`no process could be started with pid ${String(pid)}`);
}
