import { exitCodes, type ExitCode } from './exit-code.ts';

/** A failure that a person can do something about: one line on stderr, and an exit code. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exitCode: ExitCode;

  /**
   * @param exitCode what the process ends with
   * @param message what failed, and after a colon what to do
   * @param cause what led to it
   */
  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The command line is wrong. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';

  /** @param message names the word that is wrong, and what would be right */
  constructor(message: string) {
    super(exitCodes.usage, message);
  }
}
