import type { Globals } from './globals.ts';
import { withEnvironment } from './globals.ts';
import { Output } from './output/output.ts';
import { terminalColumns } from './output/terminal.ts';

/** What a verb works with besides its own arguments. */
export interface Context {
  readonly globals: Globals;
  readonly output: Output;
}

/** Makes a verb's surroundings from the global options and the process's environment. */
export function createContext(options: Globals): Context {
  const globals = withEnvironment(options, process.env);
  const output = new Output({ quiet: globals.quiet, color: globals.color, columns: terminalColumns() });
  return { globals, output };
}
