import type { Command, Option } from 'commander';

/** One option as a shell completes it. */
export interface CompletionOption {
  /** `--signal`; a short form stands beside it. */
  readonly flags: readonly string[];
  readonly description: string;
  /** What its value is: nothing, one of some words, a file, or anything. */
  readonly value: 'none' | 'file' | 'any' | readonly string[];
}

/** One verb (`history`, `server stop`) as a shell completes it. */
export interface CompletionVerb {
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** What its arguments are: words to choose from, a command line, or anything. */
  readonly argument: 'none' | 'command' | 'pid' | 'any' | readonly string[];
}

/** Reads from commander what can be completed: no second list to keep equal. */
export function completionVerbs(program: Command): readonly CompletionVerb[] {
  const verbs = program.commands.map((command) => verbOf(command, [command.name()]));
  const nested = program.commands.flatMap((command) =>
    command.commands.map((child) => verbOf(child, [command.name(), child.name()])),
  );
  return [...verbs, ...nested, helpVerb(program)];
}

/** The options that stand before the verb, too. */
export function globalOptions(program: Command): readonly CompletionOption[] {
  return [...program.options.map(optionOf), help];
}

const help: CompletionOption = { flags: ['--help', '-h'], description: 'show help', value: 'none' };

/** Any signal is one; these are what people send. */
const commonSignals = ['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'STOP', 'CONT', 'USR1', 'USR2'];

function helpVerb(program: Command): CompletionVerb {
  return {
    words: ['help'],
    summary: 'show help for a verb',
    options: [],
    argument: program.commands.map((command) => command.name()),
  };
}

function verbOf(command: Command, words: readonly string[]): CompletionVerb {
  const children = command.commands.map((child) => child.name());
  return {
    words,
    summary: command.summary() === '' ? firstSentence(command.description()) : command.summary(),
    options: [...command.options.map(optionOf), help],
    argument: children.length > 0 ? children : argumentOf(command),
  };
}

function firstSentence(text: string): string {
  return text.split(/[.:] /)[0] ?? text;
}

function argumentOf(command: Command): CompletionVerb['argument'] {
  const argument = command.registeredArguments[0];
  if (argument === undefined) return 'none';
  if (argument.argChoices !== undefined) return argument.argChoices;
  if (argument.name() === 'command') return 'command';
  return argument.name() === 'pid' ? 'pid' : 'any';
}

function optionOf(option: Option): CompletionOption {
  const flags = [option.long, option.short].filter((flag) => flag !== undefined && flag !== null);
  return { flags, description: option.description, value: valueOf(option) };
}

function valueOf(option: Option): CompletionOption['value'] {
  if (!option.required) return 'none';
  if (option.argChoices !== undefined) return option.argChoices;
  if (option.flags.endsWith('<signal>')) return commonSignals;
  return /<(file|path)>/.test(option.flags) ? 'file' : 'any';
}
