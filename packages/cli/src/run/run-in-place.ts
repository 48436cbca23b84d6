import type { Context } from '../context.ts';
import { followLog, type LogFollower } from './follow-log.ts';
import { holdCommand } from './held-command.ts';
import { ignoredSignals, ignoredSignalsVariable } from './ignored-signals.ts';
import { pruneLogs } from './log-folder.ts';
import { closeRunLog, openRunLog, type RunLog } from './log-files.ts';
import { endWriters } from './reader-gone.ts';
import { labelOf, type RunOptions } from './run-options.ts';
import { supervise } from './supervise.ts';

/**
 * Runs a command as a child of this process, in its process group, without a terminal of its own. With a log, the
 * command writes that itself, and this process shows it while it grows: a SIGKILL of either loses nothing.
 *
 * @returns the exit code
 */
export async function runInPlace(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  const ignored = ignoredSignals(process.env[ignoredSignalsVariable]);
  const named = typeof options.log === 'string' ? options.log : undefined;
  const note = (text: string): void => {
    context.output.note(text);
  };
  const log = options.log === false ? undefined : openRunLog(named, labelOf(words, options), note);
  let followers: readonly LogFollower[] | undefined;
  try {
    return await supervise(context, {
      words,
      options,
      hold: async (env, prefix) => await holdCommand(words, env, ignored, prefix, log?.stdio),
      // Not before: what comes first is there to be seen, and a short command does not wait for a watch.
      begins: () => {
        followers ??= log?.files.map((file) => followLog(file, () => void endWriters(file)));
      },
      catchUp: async () => {
        await Promise.all(followers?.map((follower) => follower.catchUp()) ?? []);
      },
    });
  } finally {
    for (const follower of followers ?? []) follower.stop();
    if (log !== undefined) tellOfLog(log, named === undefined, note);
  }
}

function tellOfLog(log: RunLog, isOwn: boolean, note: (text: string) => void): void {
  const written = closeRunLog(log, isOwn);
  if (written.length > 0) note(`the log is ${written.join(' and ')}`);
  if (isOwn) pruneLogs();
}
