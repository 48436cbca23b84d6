import { isatty } from 'node:tty';
import { writeAll } from '../output/write-all.ts';

const stdin = 0;
const stderr = 2;

/** Is there a person to ask? */
export function canAsk(): boolean {
  return isatty(stdin) && isatty(stderr);
}

/** Asks a question that is answered by a letter and the enter key; anything but `y` is no. */
export async function askYes(question: string): Promise<boolean> {
  writeAll(stderr, `${question} [y/N] `);
  // By Node's stream: a terminal that Node has opened for writing does not block where it is read either.
  const answer = await new Promise<string>((resolve) => {
    process.stdin.setEncoding('utf8').once('data', resolve);
    process.stdin.once('end', () => {
      resolve('');
    });
  });
  process.stdin.pause();
  return /^y(es)?$/i.test(answer.trim());
}
