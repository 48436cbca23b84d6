import { writeFileSync } from 'node:fs';
import { createContext } from './context.ts';
import { describeFailure } from './failure.ts';
import { writeError } from './output/output.ts';
import { readPlain } from './plain.ts';
import { holderWord } from './run/terminal/holder-word.ts';

/** Runs omnictl. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === holderWord) {
      const { hold } = await import('./run/terminal/holder.ts');
      return await hold();
    }
    const plain = await readPlain(args);
    if (plain !== undefined) return await plain.verb(createContext(plain.globals));
    const { runProgram } = await import('./program.ts');
    return await runProgram(args);
  } catch (error) {
    const { exitCode, text } = describeFailure(error);
    writeError(text);
    return exitCode;
  }
}

/** Node names the main thread of every program `MainThread`: the history is to say omnictl. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'omnictl');
  } catch {
    // Without /proc it goes without a name.
  }
}

nameProcess();
// All that was printed is written already (see writeAll): there is nothing to wait for, and taking down what node has
// set up takes longer than the exit.
void main(process.argv.slice(2)).then((code) => process.exit(code));
