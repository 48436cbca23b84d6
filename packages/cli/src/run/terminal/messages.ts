import type { WindowSize } from '#linux/terminal.ts';
import type { Globals } from '../../globals.ts';
import type { RunOptions } from '../run-options.ts';

/** What the holder is to run; its environment, folder and limits it inherits. */
export interface Start {
  readonly words: readonly string[];
  readonly options: RunOptions;
  readonly globals: Globals;
  /** How the starter's terminal treats what is typed, in base64; absent: as a new terminal does. */
  readonly modes?: string;
  readonly size: WindowSize;
}

/** How it ended. */
export interface Ended {
  readonly exitCode: number;
}
