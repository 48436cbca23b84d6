import type { FigureName } from '#test/bench/targets.ts';
import { measured, notRun, type BenchContext, type Row } from '../support/figure.ts';
import { Fleet } from '../support/fleet.ts';
import { requestFrame, type Frames } from '../support/frames.ts';
import { Omnid } from '../support/omnid.ts';
import { measurePaired, paired, spreadWords } from '../support/paired.ts';
import { Peer } from '../support/peer.ts';
import { findRedis, Redis, setFrames } from '../support/redis.ts';
import { Sleepers } from '../support/sleepers.ts';

export const figures: readonly FigureName[] = [
  'register-50-connections',
  'register-new-terms-50-connections',
  'register-and-release-50-connections',
];

const connections = 50;
/** Each is registered once in a block: a registration of a process that has no lease. */
const processes = 1000;
const pairs = 15;
const warmup = 3;

/** Answers a second, each answered once it is on the disk; redis writes a value as long as the lease to the same disk. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const program = findRedis();
  if (program === undefined) return figures.map((figure) => notRun(figure, 'redis-server is not installed'));
  await using redis = await Redis.start(program, context);
  await using omnid = await Omnid.start(context);
  await using sleepers = await Sleepers.start(processes);
  const registry = await Registrations.open(omnid, sleepers.pids);
  using _registry = registry;
  using store = await Fleet.connect(redis.socket, connections);
  const sets = setFrames(
    sleepers.pids.map((pid) => `lease-of-process-${String(pid).padStart(6, '0')}`),
    await registry.leaseText(),
  );

  const pair = await measurePaired(
    () => registry.round(),
    () => store.rate(sets),
    { pairs, warmup },
  );
  const renewed = paired(registry.newTerms.slice(-pairs), pair.references);
  const released = paired(registry.withRelease.slice(-pairs), pair.references);
  context.note(`register: ${spreadWords(pair)}; new terms: ${spreadWords(renewed)}; with release: ${spreadWords(released)}`);
  return [
    measured('register-50-connections', pair),
    measured('register-new-terms-50-connections', renewed),
    measured('register-and-release-50-connections', released),
  ];
}

/** The three calls of a round, on every process: registered, given new terms, released. */
class Registrations implements Disposable {
  /** Rates of every round so far. */
  readonly newTerms: number[] = [];
  readonly withRelease: number[] = [];
  readonly #fleet: Fleet;
  readonly #asker: Peer;
  readonly #register: Frames;
  readonly #change: Frames;
  readonly #release: Frames;

  private constructor(fleet: Fleet, asker: Peer, pids: readonly number[]) {
    this.#fleet = fleet;
    this.#asker = asker;
    this.#register = pids.map((pid) => requestFrame(pid, 'lease.register', { pid }));
    this.#change = pids.map((pid) => requestFrame(pid, 'lease.register', { pid, label: 'new terms' }));
    this.#release = pids.map((pid) => requestFrame(pid, 'lease.release', { pid }));
  }

  static async open(omnid: Omnid, pids: readonly number[]): Promise<Registrations> {
    return new Registrations(await Fleet.connect(omnid.socket, connections), await Peer.connect(omnid.socket), pids);
  }

  /** @returns registrations a second; the other two calls are outside of that time */
  async round(): Promise<number> {
    const registered = await this.#fleet.rate(this.#register);
    await this.#expect(this.#register.length);
    this.newTerms.push(await this.#fleet.rate(this.#change));
    const released = await this.#fleet.rate(this.#release);
    await this.#expect(0);
    this.withRelease.push(1 / (1 / registered + 1 / released));
    return registered;
  }

  /** A refusal is an answer too, and would pass for a fast one. */
  async #expect(leases: number): Promise<void> {
    const answer = await this.#asker.ask(requestFrame(1, 'server.status', {}));
    const { result } = JSON.parse(answer) as { result: { activeLeases: number } };
    if (result.activeLeases === leases) return;
    throw new Error(`the server has ${String(result.activeLeases)} leases, and not ${String(leases)}`);
  }

  /** A lease as it is answered. */
  async leaseText(): Promise<string> {
    const [first] = this.#register;
    const [last] = this.#release;
    if (first === undefined || last === undefined) throw new RangeError('no processes');
    const answer = await this.#asker.ask(first);
    await this.#asker.ask(last);
    return JSON.stringify((JSON.parse(answer) as { result: unknown }).result);
  }

  [Symbol.dispose](): void {
    this.#fleet[Symbol.dispose]();
    this.#asker[Symbol.dispose]();
  }
}
