import { UsageError } from '../errors.ts';
import { parseBytes } from '../parse/bytes.ts';
import { wholeNumber } from '../parse/number.ts';
import { modes, type IoPriority, type Mode, type RunOptions } from './run-options.ts';

/** Starting it again and again is a loop, not a retry. */
const retriesMax = 1000;

/** One option of `run`, as commander takes it. */
interface RunOption {
  /** `--name` or `--name <value>`. */
  readonly flags: `--${string}`;
  readonly help: string;
  /** Where it is kept. */
  readonly key: keyof RunOptions;
  /** What it takes; throws UsageError where it is something else. Absent: the text, or for a switch the value below. */
  readonly parse?: (text: string) => string | number;
  /** What a switch means; default: true. */
  readonly means?: boolean;
}

/** Every option of `run`, once: for commander, and for the way around it. */
export const runOptions: readonly RunOption[] = [
  { flags: '--label <text>', key: 'label', help: "a name for people (default: the command's)" },
  { flags: '--reason <text>', key: 'reason', help: 'why, for whoever is refused' },
  {
    flags: '--nice <number>',
    key: 'nice',
    help: 'priority, -20 to 19 (default: 10, or more where the caller has more)',
    parse: (text) => wholeNumber(text, 'nice value', -20, 19),
  },
  {
    flags: '--io-priority <level>',
    key: 'ioPriority',
    help: "idle, or best effort from 0 (first) to 7 (default: the kernel's, by nice)",
    parse: ioPriority,
  },
  {
    flags: '--oom-score-adj <number>',
    key: 'oomScoreAdj',
    help: 'for the kernel when memory runs out, -1000 (spare it) to 1000 (default: -250 where that is allowed)',
    parse: (text) => wholeNumber(text, 'oom_score_adj', -1000, 1000),
  },
  {
    flags: '--memory-high <size>',
    key: 'memoryHigh',
    help: 'slow it down above so much memory: 512M, 2G (needs cgroup v2)',
    parse: parseBytes,
  },
  {
    flags: '--cpu-weight <number>',
    key: 'cpuWeight',
    help: 'its share of a busy CPU, 1 to 10000, where others have 100 (needs cgroup v2)',
    parse: (text) => wholeNumber(text, 'CPU weight', 1, 10_000),
  },
  {
    flags: '--mode <mode>',
    key: 'mode',
    help: 'OMNIMIND_RESOURCE_PROTECTOR_MODE for the command: dev, test or prod',
    parse: modeOption,
  },
  {
    flags: '--log <file>',
    key: 'log',
    help: 'where its output is kept (default: logs/runs in the state folder, oldest removed)',
  },
  { flags: '--no-log', key: 'log', help: "keep no log: the command has the caller's own output", means: false },
  { flags: '--guard', key: 'guard', help: 'ask the kernel to refuse what the lease forbids, root included' },
  {
    flags: '--retry-on-kill <times>',
    key: 'retryOnKill',
    help: "start it again after a SIGKILL that was not its own or its owner's",
    parse: (text) => wholeNumber(text, 'number of retries', 0, retriesMax),
  },
  { flags: '--require', key: 'require', help: 'do not run it unprotected: exit with 69' },
];

function ioPriority(text: string): IoPriority {
  if (text === 'idle') return text;
  if (/^[0-7]$/.test(text)) return Number(text);
  throw new UsageError(`'${text}' is no I/O priority: write idle, or a level from 0 to 7`);
}

function modeOption(text: string): Mode {
  const mode = modes.find((name) => name === text);
  if (mode !== undefined) return mode;
  throw new UsageError(`'${text}' is no mode: write ${modes.join(', ')}`);
}
