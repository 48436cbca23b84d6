import { fishQuote } from './quote.ts';
import type { CompletionOption, CompletionVerb } from './tree.ts';

/** The completion script for fish. */
export function fishScript(verbs: readonly CompletionVerb[], globals: readonly CompletionOption[]): string {
  const known = new Set(globals.flatMap(({ flags }) => flags));
  const top = verbs.filter(({ words }) => words.length === 1);
  return [
    "# fish completion for omnictl; made by 'omnictl completion fish'",
    'complete -c omnictl -f',
    ...globals.map((option) => `complete -c omnictl ${optionSpec(option)}`),
    ...top.map(
      ({ words, summary }) => `complete -c omnictl -n __fish_use_subcommand -a ${words[0] ?? ''} -d ${fishQuote(summary)}`,
    ),
    ...top.flatMap((verb) => verbLines(verb, known)),
    '',
  ].join('\n');
}

function verbLines({ words, options, argument }: CompletionVerb, known: ReadonlySet<string>): readonly string[] {
  const begin = `complete -c omnictl -n ${fishQuote(`__fish_seen_subcommand_from ${words[0] ?? ''}`)}`;
  const own = options.filter(({ flags }) => !flags.some((flag) => known.has(flag)));
  return [
    ...own.map((option) => `${begin} ${optionSpec(option)}`),
    ...argumentLines(argument).map((line) => `${begin} ${line}`),
  ];
}

function optionSpec({ flags, description, value }: CompletionOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ');
  return `${names}${valueSpec(value)} -d ${fishQuote(description)}`;
}

function valueSpec(value: CompletionOption['value']): string {
  if (value === 'none') return '';
  if (value === 'file') return ' -r -F';
  return value === 'any' ? ' -x' : ` -x -a ${fishQuote(value.join(' '))}`;
}

function argumentLines(argument: CompletionVerb['argument']): readonly string[] {
  if (argument === 'command') return [`-x -a ${fishQuote('(__fish_complete_subcommand --fcs-skip=2)')}`];
  if (argument === 'pid') return [`-x -a ${fishQuote('(__fish_complete_pids)')}`];
  return typeof argument === 'string' ? [] : [`-x -a ${fishQuote(argument.join(' '))}`];
}
