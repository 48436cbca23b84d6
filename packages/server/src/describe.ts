import type { ProcessRef } from '#protocol/history.ts';
import { describeProcess } from '#linux/process-ref.ts';

/** A process for history, with its ancestry. @returns undefined where it is gone */
export function describe(pid: number): ProcessRef | undefined {
  const found = describeProcess(pid);
  return found === undefined ? undefined : { ...found, ancestry: [...found.ancestry] };
}
