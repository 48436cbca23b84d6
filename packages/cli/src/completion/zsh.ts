import { shellQuote } from './quote.ts';
import type { CompletionOption, CompletionVerb } from './tree.ts';

/** The completion script for zsh. */
export function zshScript(verbs: readonly CompletionVerb[], globals: readonly CompletionOption[]): string {
  const top = verbs.filter(({ words }) => words.length === 1);
  return [
    '#compdef omnictl',
    "# zsh completion for omnictl; made by 'omnictl completion zsh'",
    '',
    '_omnictl() {',
    '  local curcontext="$curcontext" state line',
    '  local -a verbs',
    `  verbs=(${top.map(({ words, summary }) => shellQuote(`${words[0] ?? ''}:${summary}`)).join(' ')})`,
    `  _arguments -C ${globals.map(optionSpec).join(' ')} '1: :->verb' '*:: :->rest' && return`,
    '  case $state in',
    "    verb) _describe -t verbs 'verb' verbs ;;",
    '    rest)',
    '      case $line[1] in',
    ...top.map((verb) => `        ${verb.words[0] ?? ''}) _arguments -S ${verbSpecs(verb)} ;;`),
    '      esac ;;',
    '  esac',
    '}',
    '',
    '# Sourced, it registers itself; loaded from $fpath, it is the function.',
    'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _omnictl "$@"; else compdef _omnictl omnictl; fi',
    '',
  ].join('\n');
}

function verbSpecs({ options, argument }: CompletionVerb): string {
  return [...options.map(optionSpec), ...argumentSpecs(argument)].join(' ');
}

/** `'--format[how]:value:(table csv)'`, as _arguments wants it. */
function optionSpec({ flags, description, value }: CompletionOption): string {
  const [first = '', ...others] = flags;
  const exclusive = others.length === 0 ? '' : `(${flags.join(' ')})`;
  const text = description.replaceAll(/[[\]:\\]/g, (character) => `\\${character}`);
  const spec = `[${text}]${valueSpec(value)}`;
  const all = [first, ...others].map((flag) => shellQuote(`${exclusive}${flag}${spec}`));
  return all.join(' ');
}

function valueSpec(value: CompletionOption['value']): string {
  if (value === 'none') return '';
  if (value === 'file') return ':file:_files';
  return value === 'any' ? ':value: ' : `:value:(${value.join(' ')})`;
}

function argumentSpecs(argument: CompletionVerb['argument']): readonly string[] {
  if (argument === 'none') return [];
  if (argument === 'command') return ["'(-)1:command: _command_names -e'", "'*::arguments: _normal'"];
  if (argument === 'pid') return ["'*:pid:_pids'"];
  return argument === 'any' ? ["'1:value: '"] : [shellQuote(`1:word:(${argument.join(' ')})`)];
}
