import { signalName } from '#protocol/signals.ts';
import { constants } from 'node:os';
import type { Explanation } from '#protocol/explanation.ts';
import { escapeText } from '../output/escape.ts';
import { whyFacts } from '../output/why-lines.ts';
import type { Ending } from './held-command.ts';

/**
 * What `run` tells when its command has died: what `omnictl why` would say, in one block. The wrapper has waited for the
 * command itself, so how it ended is certain, whatever the server knows.
 *
 * @param label what the command is called
 * @param ending as wait(2) told the wrapper
 * @param explanation the server's; undefined where there is no server to ask
 * @returns lines, escaped, without their ends: the answer first
 */
export function deathBlock(
  label: string,
  pid: number,
  ending: Ending,
  explanation: Explanation | undefined,
): readonly string[] {
  const own = ownWords(label, pid, ending);
  if (explanation === undefined) return [`${own}; nobody knows by whom: no server answers.`];
  const { answer, facts } = whyFacts(explanation);
  const agrees = explanation.ending.kind === 'exited' || explanation.ending.kind === 'signaled';
  return [agrees ? answer : `${own}. ${answer}`, ...facts.map(([title, words]) => `  ${title.padEnd(9)}${words}`)];
}

function ownWords(label: string, pid: number, { code, signal }: Ending): string {
  const name = `${escapeText(label)} (pid ${String(pid)})`;
  if (signal === null) return `${name} exited with code ${String(code)}`;
  return `${name} was ended by ${signalName(constants.signals[signal])}`;
}
