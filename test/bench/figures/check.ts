import type { FigureName } from '#test/bench/targets.ts';
import { Echo, type ProcReads } from '../support/echo.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { frameAt, framesOf, requestFrame, type Frames } from '../support/frames.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, spreadWords, type Paired } from '../support/paired.ts';
import { Peer } from '../support/peer.ts';
import { ProcessChain } from '../support/process-chain.ts';
import { Sleepers } from '../support/sleepers.ts';
import { median } from '../support/statistics.ts';

export const figures: readonly FigureName[] = [
  'check-root-p50',
  'check-four-deep-p50',
  'check-root-64-in-flight',
  'check-root-64-gathered',
];

const questionsAlone = 2000;
const questionsInFlight = 20_000;
const inFlight = 64;

/** What `protection.check` costs beyond an echo of the same bytes. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  await using omnid = await Omnid.start(context);
  const rows: Row[] = [];
  const take = async (figure: FigureName, floor: Floor, measure: (pair: Pair) => Promise<Paired>): Promise<void> => {
    if (!context.wants(figure)) return;
    await using pair = await Pair.open(context, omnid, floor);
    const result = await measure(pair);
    context.note(`${figure}: ${spreadWords(result)}`);
    rows.push(measured(figure, result));
  };

  await using sleepers = await Sleepers.start(1);
  const [root = 0] = sleepers.pids;
  using owner = await Peer.connect(omnid.socket);
  await owner.ask(requestFrame(1, 'lease.register', { pid: root }));
  await take('check-root-p50', { pid: root }, (pair) => pair.alone());
  await take('check-root-64-in-flight', { pid: root }, (pair) => pair.together());
  await take('check-root-64-gathered', { pid: root, gather: true }, (pair) => pair.together());
  await owner.ask(requestFrame(2, 'lease.release', { pid: root }));

  await using chain = await ProcessChain.start(4);
  await take('check-four-deep-p50', { pid: chain.last, reads: readsOf(chain.pids) }, (pair) => pair.alone());
  return rows;
}

/** Who is asked about, and what the echo does besides. */
interface Floor {
  readonly pid: number;
  readonly reads?: ProcReads;
  readonly gather?: boolean;
}

/**
 * What the server reads for a process that no lease covers: its stat and its uids, then for each step up the parent's stat
 * and the child's once more (design: a child's ppid is read again after its parent).
 */
function readsOf(pids: readonly number[]): ProcReads {
  const [target = 0] = pids;
  const steps = pids.slice(1).flatMap((parent, index) => [parent, pids[index] ?? 0]);
  return { stats: [target, ...steps], statuses: [target] };
}

/** The server and its floor, each on one connection, asked in turn. */
class Pair implements AsyncDisposable {
  readonly #frames: Frames;
  readonly #server: Peer;
  readonly #echo: Peer;
  readonly #owned: AsyncDisposableStack;

  private constructor(frames: Frames, server: Peer, echo: Peer, owned: AsyncDisposableStack) {
    this.#frames = frames;
    this.#server = server;
    this.#echo = echo;
    this.#owned = owned;
  }

  static async open(context: BenchContext, omnid: Omnid, { pid, ...floor }: Floor): Promise<Pair> {
    await using owned = new AsyncDisposableStack();
    const frames = framesOf('protection.check', { pids: [pid] });
    const server = owned.use(await Peer.connect(omnid.socket));
    const answer = await server.ask(frameAt(frames, 0));
    const { result } = JSON.parse(answer) as { result: unknown };
    const echoServer = owned.use(await Echo.start(context, { result, ...floor }));
    const echo = owned.use(await Peer.connect(echoServer.socket));
    const echoed = await echo.ask(frameAt(frames, 0));
    if (echoed !== answer) throw new Error(`the floor answers other bytes: ${echoed.trim()} for ${answer.trim()}`);
    return new Pair(frames, server, echo, owned.move());
  }

  async alone(): Promise<Paired> {
    const p50 = async (peer: Peer): Promise<number> => median(await peer.latencies(this.#frames, questionsAlone));
    return await measurePaired(
      () => p50(this.#server),
      () => p50(this.#echo),
      { pairs: 31, warmup: 5 },
    );
  }

  async together(): Promise<Paired> {
    const perSecond = (peer: Peer): Promise<number> => peer.throughput(this.#frames, questionsInFlight, inFlight);
    return await measurePaired(
      () => perSecond(this.#server),
      () => perSecond(this.#echo),
      { pairs: 21, warmup: 5 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
