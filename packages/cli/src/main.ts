import { describeFailure } from './failure.ts';
import { writeError } from './output/output.ts';
import { runProgram } from './program.ts';

/** Runs omnictl. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  try {
    return await runProgram(args);
  } catch (error) {
    const { exitCode, text } = describeFailure(error);
    writeError(text);
    return exitCode;
  }
}

// The process ends by itself when its connections are closed: an exit here could cut off what is still being written.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
