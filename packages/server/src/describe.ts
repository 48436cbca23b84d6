import type { ProcessRef } from '#protocol/history.ts';
import { describeProcess } from '#linux/process-ref.ts';
import { tryRead } from './try-read.ts';

/** A process for history, with its ancestry. @returns undefined where it is gone, or cannot be looked at now */
export function describe(pid: number): ProcessRef | undefined {
  const found = tryRead(() => describeProcess(pid));
  return found === undefined ? undefined : { ...found, ancestry: [...found.ancestry] };
}
