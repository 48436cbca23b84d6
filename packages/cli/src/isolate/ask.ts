import { readSync } from 'node:fs';
import { isatty } from 'node:tty';
import { writeAll } from '../output/write-all.ts';

const stdin = 0;
const stderr = 2;
const answerBytesMax = 64;

/** Is there a person to ask? */
export function canAsk(): boolean {
  return isatty(stdin) && isatty(stderr);
}

/** Asks a question that is answered by a letter; anything but `y` is no. */
export function askYes(question: string): boolean {
  writeAll(stderr, `${question} [y/N] `);
  const answer = Buffer.alloc(answerBytesMax);
  const length = readSync(stdin, answer, 0, answer.length, null);
  return /^y(es)?$/i.test(answer.toString('utf8', 0, length).trim());
}
