import { shellQuote } from './quote.ts';
import type { CompletionOption, CompletionVerb } from './tree.ts';

/** What comes before the generated tables: which verb stands on the line already, and what is being completed. */
const head = `# bash completion for omnictl; made by 'omnictl completion bash'
_omnictl() {
  local cur prev verb='' sub='' options='' arguments='' i
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  # bash takes --format=csv for three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$verb \${COMP_WORDS[i]}" in
      *' --socket') ((i++)) ;;
      'run --label' | 'run --reason' | 'run --nice') ((i++)) ;;
      'run --')
        _omnictl_command $((i + 1))
        return ;;
      *' -'*) ;;
      'run '*)
        _omnictl_command "$i"
        return ;;
      'server '* | 'help '*) [[ -n $sub ]] || sub=\${COMP_WORDS[i]} ;;
      *) [[ -n $verb ]] || verb=\${COMP_WORDS[i]} ;;
    esac
  done`;

/** What comes after them. */
const tail = `  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
    return
  fi
  case $arguments in
    '<command>') _omnictl_command "$COMP_CWORD" ;;
    '<pid>') COMPREPLY=($(cd /proc && compgen -W "$(printf '%s ' [0-9]*)" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$arguments" -- "$cur")) ;;
  esac
}

# Completes a command line of its own, which begins at word $1.
_omnictl_command() {
  if declare -F _command_offset > /dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    COMPREPLY=($(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}"))
  else
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  fi
}

complete -F _omnictl omnictl
`;

/** The completion script for bash; it needs nothing but bash, and uses bash-completion where it is there. */
export function bashScript(verbs: readonly CompletionVerb[], globals: readonly CompletionOption[]): string {
  const all: readonly CompletionVerb[] = [
    {
      words: [],
      summary: '',
      options: globals,
      argument: verbs.filter(({ words }) => words.length === 1).map(({ words }) => words[0] ?? ''),
    },
    ...verbs,
  ];
  const values = all.flatMap((verb) => verb.options.flatMap((option) => valueCases(verb, option)));
  return [
    head,
    '  case "$verb${sub:+ $sub} $prev" in',
    ...values,
    '  esac',
    '  case "$verb${sub:+ $sub}" in',
    ...all.map(verbCase),
    '  esac',
    tail,
  ].join('\n');
}

function valueCases({ words }: CompletionVerb, { flags, value }: CompletionOption): readonly string[] {
  if (value === 'none') return [];
  const patterns = flags.map((flag) => shellQuote([words.join(' '), flag].join(' '))).join(' | ');
  return [`    ${patterns}) ${valueAction(value)} ;;`];
}

function valueAction(value: Exclude<CompletionOption['value'], 'none'>): string {
  if (value === 'any') return 'return';
  const choice = value === 'file' ? '-f' : `-W ${shellQuote(value.join(' '))}`;
  const note = value === 'file' ? 'compopt -o filenames 2> /dev/null; ' : '';
  return `${note}COMPREPLY=($(compgen ${choice} -- "$cur")); return`;
}

function verbCase({ words, options, argument }: CompletionVerb): string {
  const flags = options.flatMap((option) => option.flags).join(' ');
  return `    ${shellQuote(words.join(' '))}) options=${shellQuote(flags)} arguments=${shellQuote(argumentWords(argument))} ;;`;
}

function argumentWords(argument: CompletionVerb['argument']): string {
  if (argument === 'command' || argument === 'pid') return `<${argument}>`;
  return typeof argument === 'string' ? '' : argument.join(' ');
}
