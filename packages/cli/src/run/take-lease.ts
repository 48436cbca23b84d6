import { ConnectionLostError, NoServerError, RequestTimeoutError } from '#client/errors.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { Lease, RegisterParams } from '#protocol/lease.ts';
import { protocolVersion } from '#protocol/version.ts';
import { AnswerLines, readAnswer } from '../answer-lines.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { describeFailure } from '../failure.ts';
import type { HeldCommand } from './held-command.ts';
import { labelOf, type RunOptions } from './run-options.ts';

/** The lease of a command. */
export interface TakenLease {
  readonly id: string;
  /** When the command's process was started: by it that is told from a later one with its pid. */
  readonly startTicks: string;
  /** The secret that its tree is to carry. */
  readonly marker: string;
}

/** What a lease is asked for with. */
export interface Asking {
  /** From connectAhead. */
  readonly connection: Promise<AnswerLines>;
  /** The secret that the command's tree is to carry. */
  readonly marker: string;
}

/**
 * Begins to connect to the server, while the command's process is still being made.
 *
 * @returns what takeLease asks; a failure is its to tell
 */
export function connectAhead({ globals }: Context): Promise<AnswerLines> {
  const lines = AnswerLines.connect(globals.socket);
  lines.catch(() => undefined);
  return lines;
}

/**
 * Takes the lease while the command is held.
 *
 * @returns undefined where it is to run unprotected, of which is told
 * @throws with --require where there is no lease to be had: then the command does not run
 */
export async function takeLease(
  context: Context,
  command: HeldCommand,
  words: readonly string[],
  options: RunOptions,
  { connection, marker }: Asking,
): Promise<TakenLease | undefined> {
  const { reason, guard } = options;
  const params: RegisterParams = {
    pid: command.pid,
    label: labelOf(words, options),
    marker,
    wrapper: true,
    ...(reason === undefined ? {} : { reason }),
    ...(guard === true ? { guard } : {}),
  };
  try {
    const { id, identity } = await registerWithOrWithoutGuard(context, params, options.require === true, connection);
    return { id, startTicks: identity.startTicks, marker };
  } catch (error) {
    // A Ctrl-C while it was held: its end is the news.
    if (command.hasEnded) return undefined;
    const { exitCode, text } = describeFailure(error);
    if (options.require !== true) {
      context.output.note(`runs unprotected: ${text}`);
      return undefined;
    }
    command.cancel();
    throw new CliError(exitCode, `not run: ${text}`, error);
  }
}

/** Where there is no guard, what killers that ask are told is better than nothing: unless it was required. */
async function registerWithOrWithoutGuard(
  context: Context,
  params: RegisterParams,
  isRequired: boolean,
  connection: Promise<AnswerLines>,
): Promise<Lease> {
  try {
    return await register(context, params, connection);
  } catch (error) {
    const hasNoGuard = error instanceof ProtocolError && error.kind === 'sentinelUnavailable';
    if (params.guard !== true || isRequired || !hasNoGuard) throw error;
    const { guard: _guard, ...rest } = params;
    const lease = await register(context, rest, connectAhead(context));
    context.output.note(`is protected without the guard: ${describeFailure(error).text}`);
    return lease;
  }
}

/**
 * Registers over a connection of its own, without the SDK's client, which takes a while to load; where no server is, one
 * is started.
 */
async function register(
  { globals, output }: Context,
  params: RegisterParams,
  connection: Promise<AnswerLines>,
): Promise<Lease> {
  try {
    using lines = await connection;
    // Whether the server speaks our protocol, and the lease, in one write.
    lines.send({ id: 0, method: 'server.info', params: { protocolVersion } }, { id: 1, method: 'lease.register', params });
    readAnswer(await lines.next());
    return readAnswer(await lines.next()).result as Lease;
  } catch (error) {
    const isLost = error instanceof ConnectionLostError || error instanceof RequestTimeoutError;
    if (!(error instanceof NoServerError) && !isLost) throw error;
    if (!globals.spawn) throw error;
  }
  // Registering the same process again gives the same lease: an answer that was lost does no harm.
  const { connectOrStart } = await import('../server/connect-or-start.ts');
  await using client = await connectOrStart({ globals, output });
  return await client.call('lease.register', params);
}
