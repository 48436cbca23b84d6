import type { Frames } from './frames.ts';
import { Peer } from './peer.ts';

/** Many connections, each of which asks one thing after the other. */
export class Fleet implements Disposable {
  readonly #peers: readonly Peer[];

  private constructor(peers: readonly Peer[]) {
    this.#peers = peers;
  }

  static async connect(path: string, count: number): Promise<Fleet> {
    const peers: Peer[] = [];
    for (let index = 0; index < count; index += 1) peers.push(await Peer.connect(path));
    return new Fleet(peers);
  }

  /** Shares the frames out, all connections at once. @returns answers a second, until the last */
  async rate(frames: Frames): Promise<number> {
    const share = Math.ceil(frames.length / this.#peers.length);
    const startMs = performance.now();
    await Promise.all(
      this.#peers.map(async (peer, index) => {
        const own = frames.slice(index * share, (index + 1) * share);
        if (own.length > 0) await peer.latencies(own, own.length);
      }),
    );
    return frames.length / ((performance.now() - startMs) / 1000);
  }

  [Symbol.dispose](): void {
    for (const peer of this.#peers) peer[Symbol.dispose]();
  }
}
