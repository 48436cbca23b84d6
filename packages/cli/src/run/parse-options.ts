import { UsageError } from '../errors.ts';
import { parseBytes } from '../parse/bytes.ts';
import { wholeNumber } from '../parse/number.ts';
import { modes, type IoPriority, type Mode } from './run-options.ts';

/** Starting it again and again is a loop, not a retry. */
const retriesMax = 1000;

/** What each option of `run` takes. All throw UsageError where it is something else. */
export const nice = (text: string): number => wholeNumber(text, 'nice value', -20, 19);
export const oomScoreAdj = (text: string): number => wholeNumber(text, 'oom_score_adj', -1000, 1000);
export const cpuWeight = (text: string): number => wholeNumber(text, 'CPU weight', 1, 10_000);
export const retries = (text: string): number => wholeNumber(text, 'number of retries', 0, retriesMax);
export const memoryHigh = parseBytes;

export function ioPriority(text: string): IoPriority {
  if (text === 'idle') return text;
  if (/^[0-7]$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is no I/O priority: write idle, or a level from 0 to 7`);
}

export function modeOption(text: string): Mode {
  const mode = modes.find((name) => name === text);
  if (mode !== undefined) return mode;
  throw new UsageError(`'${text}' is no mode: write ${modes.join(', ')}`);
}
