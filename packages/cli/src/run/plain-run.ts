import { runOptions } from './option-table.ts';
import type { RunOptions } from './run-options.ts';

/** A command line of `run` that was understood. */
export interface PlainRun {
  readonly words: readonly string[];
  readonly options: RunOptions;
}

/**
 * Reads what stands behind `run`, without commander, whose load alone is a sixth of all of `node -e 0`. It reads what
 * commander reads in the same way; whatever is not as plain (an `--option=value`, a global option, an option that there is
 * not, no command) goes the ordinary way.
 *
 * @param args behind the verb
 * @returns undefined where it is not plain
 * @throws UsageError where an option's value is not what it takes
 */
export function readPlainRun(args: readonly string[]): PlainRun | undefined {
  const options: Record<string, unknown> = {};
  let at = 0;
  while (at < args.length && args[at]?.startsWith('-') === true && args[at] !== '--') {
    const [name = '', value] = [args[at], args[at + 1]];
    const option = runOptions.find(({ flags }) => flags.split(' ', 1)[0] === name);
    const takesValue = option?.flags.includes(' ') === true;
    if (option === undefined || (takesValue && value === undefined)) return undefined;
    options[option.key] = takesValue ? (option.parse?.(value ?? '') ?? value) : (option.means ?? true);
    at += takesValue ? 2 : 1;
  }
  const words = args.slice(args[at] === '--' ? at + 1 : at);
  return words.length === 0 ? undefined : { words, options };
}
