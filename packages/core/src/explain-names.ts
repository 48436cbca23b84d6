import type { ProcessRef } from '#protocol/history.ts';

const nameCharsMax = 60;
/** They act for whoever started them: the name behind theirs is the answer. */
const hands: ReadonlySet<string> = new Set([
  'kill',
  'pkill',
  'killall',
  'killall5',
  'skill',
  'omnictl',
  'xargs',
  'fuser',
  'env',
  'sudo',
]);
const ancestorsNamed = 3;

/** A process in a sentence: `python3 backend.py (pid 811)`. */
export function nameOf(process: ProcessRef | undefined | null, pid?: number | null): string {
  const number = process?.pid ?? pid ?? undefined;
  const name = process === undefined || process === null ? '' : calledAs(process);
  if (number === undefined) return name;
  return name === '' ? `pid ${String(number)}` : `${name} (pid ${String(number)})`;
}

/** What it was called as, without the folders of the program and its script. */
function calledAs({ comm, cmdline }: ProcessRef): string {
  if (cmdline === undefined || cmdline === '' || comm === 'omnictl') return comm;
  const [program = '', script = '', ...rest] = cmdline.split(' ');
  const words = [baseName(program), script.startsWith('-') ? script : baseName(script), ...rest].filter((word) => word !== '');
  const text = words.join(' ').replaceAll(/\s+/g, ' ').trim();
  return text.length > nameCharsMax ? `${text.slice(0, nameCharsMax - 1)}…` : text;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

/** Who it was: where that is a mere tool, with those who started it: `pkill -f pytest (pid 7) < bash (pid 5) < agent (pid 3)`. */
export function nameOfSender(sender: ProcessRef): string {
  if (!hands.has(sender.comm)) return nameOf(sender);
  const known = sender.ancestry.filter(({ pid }) => pid > 1).slice(0, ancestorsNamed);
  return [nameOf(sender), ...known.map(({ comm, pid }) => `${comm} (pid ${String(pid)})`)].join(' < ');
}
