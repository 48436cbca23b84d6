import { basename } from 'node:path';
import { bounds } from '#protocol/bounds.ts';

/** What modes of the resource protector a command may be run in. */
export const modes = ['dev', 'test', 'prod'] as const;
export type Mode = (typeof modes)[number];

/** What `run` takes on its command line. */
export interface RunOptions {
  readonly label?: string;
  readonly reason?: string;
  /** -20 to 19. */
  readonly nice?: number;
  readonly ioPriority?: IoPriority;
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  readonly memoryHigh?: number;
  /** 1 to 10,000, as cpu.weight. */
  readonly cpuWeight?: number;
  readonly mode?: Mode;
  readonly guard?: boolean;
  /** A file; false: --no-log; undefined or true: one in the state folder. */
  readonly log?: string | boolean;
  readonly retryOnKill?: number;
  readonly require?: boolean;
}

/** `idle`, or a level of best effort: 0 (first) to 7. */
export type IoPriority = number | 'idle';

/** What the command is called: as its caller says, else by its program. */
export function labelOf(words: readonly string[], options: RunOptions): string {
  return options.label ?? basename(words[0] ?? '').slice(0, bounds.labelCharsMax);
}
