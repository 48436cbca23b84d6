import type { Context } from '../context.ts';
import { holdInCgroup, type CommandForCgroup } from './command-cgroup.ts';
import { commandEnvironment, createMarker } from './command-environment.ts';
import { exitCodeOf } from './ending-words.ts';
import { explainEnding, isDeath } from './explain-ending.ts';
import { forwardSignals } from './forward-signals.ts';
import type { Ending, HeldCommand } from './held-command.ts';
import { setPriorities } from './process-settings.ts';
import { labelOf, type RunOptions } from './run-options.ts';
import { waitForServer } from './wait-for-server.ts';
import { connectAhead, takeLease, type Asking, type TakenLease } from './take-lease.ts';

/** A command and how it is to be run. */
export interface Job {
  readonly words: readonly string[];
  readonly options: RunOptions;
  /** Makes the process of one attempt, which waits. @param prefix words that become it, by exec */
  hold(env: NodeJS.ProcessEnv, prefix: readonly string[]): Promise<HeldCommand>;
  /** Told of each attempt that begins. */
  begins?(command: HeldCommand, lease: TakenLease | undefined): void;
  /** Shows all that it wrote, before anything is said of its end. */
  catchUp?(): Promise<void>;
}

/** How one attempt went. */
interface Attempt {
  readonly exitCode: number;
  readonly mayRetry: boolean;
}

/** What there was of a command between its gate and its end. */
interface Passage {
  readonly lease: TakenLease | undefined;
  readonly ending: Ending;
  readonly wasToldToEnd: boolean;
}

/**
 * Runs a command from its first attempt to its last: held, set up, protected, let go, awaited, its death explained.
 *
 * @returns the exit code of the last attempt
 * @throws as takeLease, with --require
 */
export async function supervise(context: Context, job: Job): Promise<number> {
  const retriesMax = job.options.retryOnKill ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, mayRetry } = await runOnce(context, job, attempt);
    if (!mayRetry || attempt > retriesMax) return exitCode;
    context.output.note(`starts it again: attempt ${String(attempt + 1)} of at most ${String(retriesMax + 1)}`);
  }
}

async function runOnce(context: Context, job: Job, attempt: number): Promise<Attempt> {
  const { words, options } = job;
  const startedAt = new Date().toISOString();
  const connection = connectAhead(context);
  const env = commandEnvironment(process.env, { mode: options.mode, attempt });
  const marker = createMarker();
  const held = await holdInCgroup(async (prefix) => await job.hold(env, prefix), options, marker);
  const { command } = held;
  const { lease, ending, wasToldToEnd } = await through(context, job, held, { connection, marker });
  await job.catchUp?.();
  const exitCode = exitCodeOf(ending);
  if (!isDeath(ending)) return { exitCode, mayRetry: false };
  const death = { label: labelOf(words, options), pid: command.pid, ending, startedAt, lease };
  const { words: account, isForeign } = await explainEnding(context, death);
  context.output.notes(account);
  // Who told us to end it does not want it back.
  return { exitCode, mayRetry: ending.signal === 'SIGKILL' && !wasToldToEnd && isForeign };
}

/** From the gate to the end, with signals passed on. */
async function through(context: Context, job: Job, held: CommandForCgroup, asking: Asking): Promise<Passage> {
  const { command } = held;
  const asked = takeLease(context, command, job.words, job.options, asking);
  // It is awaited below; until then its failure is nobody's.
  asked.catch(() => undefined);
  // The server gets its question first, and works on it meanwhile: the connection is there once the loop has turned.
  await turnOfLoop();
  using forwarding = forwardSignals(command);
  const joined = held.join();
  const waiting = waitForServer(context.output);
  try {
    const [lease, failures, cgroup] = await Promise.all([asked, setPriorities(command.pid, job.options), joined]);
    waiting[Symbol.dispose]();
    for (const failure of [...failures, ...cgroup.failures]) context.output.note(failure);
    command.go(lease?.marker);
    job.begins?.(command, lease);
    const ending = await command.ended;
    return { lease, ending, wasToldToEnd: forwarding.wasToldToEnd };
  } finally {
    waiting[Symbol.dispose]();
    // Where it was not let go, it ends now.
    command.cancel();
    await command.ended;
    (await joined).remove();
  }
}

function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
