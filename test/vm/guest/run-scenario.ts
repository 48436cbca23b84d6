import { once } from 'node:events';
import type { ScenarioReport } from './messages.ts';
import { ScenarioProcess } from './scenario-host.ts';

/** Node takes more than a second to start on an emulated machine: the next process is made while the last one works. */
let next: ScenarioProcess | undefined;

export function prepareNext(): void {
  next = new ScenarioProcess();
}

/**
 * Runs a scenario in a process of its own, which may be killed, hang or leave things behind without harm to the next.
 *
 * @param name its file in the folder of scenarios, without the ending
 */
export async function runScenario(name: string, timeoutMs: number): Promise<ScenarioReport> {
  const current = next ?? new ScenarioProcess();
  prepareNext();
  const started = performance.now();
  let cleared: Promise<void> | undefined;
  const timer = setTimeout(() => {
    cleared = current.group.clear();
  }, timeoutMs);
  const closed = once(current.child, 'close');
  current.start(name);
  await current.exited;
  const durationMs = Math.round(performance.now() - started);
  clearTimeout(timer);
  const late = cleared !== undefined;
  await (cleared ?? current.group.clear());
  await closed;
  const verdict = late
    ? { outcome: 'failed' as const, reason: `not over after ${String(timeoutMs)} ms` }
    : await current.verdict();
  return { name, ...verdict, output: current.output(), durationMs };
}
