import { status } from './commands/status.ts';
import type { Verb } from './define.ts';
import { globalDefaults, type Globals } from './globals.ts';
import { beginAhead } from './run/begin-ahead.ts';

/**
 * The verb that prompts and watch(1) run over and over, with nothing but global options: it is run without commander,
 * whose load alone is a sixth of all of `node -e 0`. Whatever is not as plain as that goes the ordinary way.
 */
const plainVerbs: Readonly<Record<string, Verb<[]>>> = { status };

const switches: Readonly<Record<string, Partial<Globals>>> = {
  '--json': { json: true },
  '--quiet': { quiet: true },
  '--no-color': { color: false },
  '--no-spawn': { spawn: false },
};

/** `run` with options of its own and no other: what it costs comes on top of a command that may be short. */
async function readRun(args: readonly string[]): Promise<PlainCommand | undefined> {
  beginAhead();
  const [{ readPlainRun }, { run }] = await Promise.all([import('./run/plain-run.ts'), import('./commands/run.ts')]);
  const plain = readPlainRun(args);
  if (plain === undefined) return undefined;
  return { verb: (context) => run(context, plain.words, plain.options), globals: globalDefaults };
}

/** A command line that was understood. */
export interface PlainCommand {
  readonly verb: Verb<[]>;
  readonly globals: Globals;
}

/**
 * Reads a plain command line.
 *
 * @param args without node and the script
 * @returns undefined where there is anything else on it than one of the plain verbs and global options
 */
export async function readPlain(args: readonly string[]): Promise<PlainCommand | undefined> {
  if (args[0] === 'run') return await readRun(args.slice(1));
  let verb: Verb<[]> | undefined;
  let globals = globalDefaults;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    const value = args[index + 1];
    if (Object.hasOwn(switches, word)) {
      globals = { ...globals, ...switches[word] };
    } else if (word === '--socket' && value !== undefined) {
      globals = { ...globals, socket: value };
      index += 1;
    } else if (verb === undefined && Object.hasOwn(plainVerbs, word)) {
      verb = plainVerbs[word];
    } else {
      return undefined;
    }
  }
  return verb === undefined ? undefined : { verb, globals };
}
