import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Explanation } from '#protocol/explanation.ts';
import { python } from '#test/integration/sentinel/support/processes.ts';
import { adopt, type TestProcess } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import type { OmnidOptions } from '#test/support/server/omnid-options.ts';

/** A server that sees what nobody tells it. */
export function serveSeeing(options: Omit<OmnidOptions, 'folder' | 'config'> = {}): Promise<Served> {
  return serve({ ...options, config: '[sentinel]\nenabled = true\n' });
}

/** What became of a process. */
export function whyPid({ wire }: Served, pid: number): Promise<Explanation> {
  return wire.call('process.explain', { pid });
}

/** Runs a command to its end. @returns its pid */
export async function runToEnd(command: string, ...args: readonly (string | number)[]): Promise<number> {
  const child = spawn(command, args.map(String), { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

/** A program of Python's; its standard input is the pipe that it may wait on. */
export function startPython(program: string, ...args: readonly (string | number)[]): TestProcess {
  return adopt(spawn(python, ['-c', program, ...args.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] }));
}

/** Under a lease before it begins: it reads a line first. */
export async function startCovered(
  { wire }: Served,
  process: TestProcess,
): Promise<{ readonly pid: number; readonly leaseId: string }> {
  const lease = await wire.call('lease.register', { pid: process.pid, label: 'cycles' });
  process.say('go\n');
  return { pid: process.pid, leaseId: lease.id };
}
