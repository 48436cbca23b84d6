import { Command, CommanderError } from 'commander';
import { createContext } from './context.ts';
import type { Action, Bind, Verb } from './define.ts';
import { exitCodes } from './exit-code.ts';
import type { Globals } from './globals.ts';
import { examples } from './help.ts';
import { writeError } from './output/output.ts';
import { writeAll } from './output/write-all.ts';
import { loadVerb, verbOf, verbs } from './verbs.ts';
import { cliVersion } from './version.ts';

/**
 * Describes omnictl to commander.
 *
 * @param names the verbs to describe; each costs its file
 * @param keepExitCode takes what a verb ends with
 */
export async function createProgram(names: readonly string[], keepExitCode: (code: number) => void): Promise<Command> {
  const program = new Command('omnictl');
  program
    .description('Protects processes from being killed, and knows who killed whom.')
    .version(cliVersion, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [verb]', 'show help for a verb')
    // `run` takes a command with options of its own.
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut, writeErr: writeRaw, outputError: errorWriter(names.length === 1 ? names[0] : undefined) })
    .addHelpText(
      'after',
      examples('omnictl register --pid $$', 'omnictl run --label cycles -- sleep 1', 'omnictl help history'),
    )
    .addHelpText('after', exitCodeHelp)
    .exitOverride();
  addGlobalOptions(program, false);
  const bind = binder(keepExitCode);
  for (const name of names) {
    const { define } = await loadVerb(name);
    define(program.command(name), bind);
  }
  for (const command of program.commands) describeAsVerb(command);
  return program;
}

/**
 * Runs a command line.
 *
 * @param args without node and the script
 * @returns the exit code
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.yes;
  const verb = verbOf(args);
  const names = verb === undefined ? Object.keys(verbs) : [verb];
  const program = await createProgram(names, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.yes : exitCodes.usage;
  }
}

const exitCodeHelp = `
Exit codes:
  0 yes, done   1 no, denied, nothing found   2 usage   69 no server   75 try again   77 not permitted
  run ends with its command's own: N, or 128 + signal`;

/** Verbs take the global options too, so that they may stand after the verb; the help shows them once. */
function describeAsVerb(command: Command): void {
  addGlobalOptions(command, true);
  command.helpOption('-h, --help', 'show help');
  for (const child of command.commands) describeAsVerb(child);
}

function addGlobalOptions(command: Command, hidden: boolean): void {
  const options = [
    command.createOption('--socket <path>', "the server's socket (default: OMNIMIND_SOCKET, the system's, the user's)"),
    command.createOption('--json', 'print one JSON document, or one a line on streams'),
    command.createOption('--quiet', 'no notes, and nothing from verbs whose exit code says it'),
    command.createOption('--no-color', 'no colours (NO_COLOR does the same)'),
    command.createOption('--no-spawn', 'start no server'),
  ];
  for (const option of options) command.addOption(option.hideHelp(hidden));
}

function binder(keepExitCode: (code: number) => void): Bind {
  return <Args extends readonly unknown[]>(verb: Verb<Args>): Action =>
    async (...args) => {
      const command = args.at(-1) as Command;
      keepExitCode(await verb(createContext(globalsOf(command)), ...(args as unknown as Args)));
    };
}

/** The global options, wherever on the command line they stood. */
export function globalsOf(command: Command): Globals {
  const levels: Partial<Globals>[] = [];
  for (let level: Command | null = command; level !== null; level = level.parent) levels.push(level.opts<Partial<Globals>>());
  return {
    socket: levels.find(({ socket }) => socket !== undefined)?.socket,
    json: levels.some(({ json }) => json === true),
    quiet: levels.some(({ quiet }) => quiet === true),
    color: levels.every(({ color }) => color !== false),
    spawn: levels.every(({ spawn }) => spawn !== false),
  };
}

function writeOut(text: string): void {
  writeAll(1, text);
}

function writeRaw(text: string): void {
  writeAll(2, text);
}

/** A verb that there is has a help of its own. */
function errorWriter(verb: string | undefined): (text: string) => void {
  const help = verb === undefined ? 'omnictl help' : `omnictl help ${verb}`;
  return (text) => {
    writeError(
      `${text
        .replace(/^error: /, '')
        .trim()
        .replace(/\.$/, '')}: '${help}' shows how`,
    );
  };
}
