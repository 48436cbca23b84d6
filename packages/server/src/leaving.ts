import type { Member } from '#core/lease.ts';
import type { Pidfd } from '#linux/pidfd.ts';
import type { Held } from './machine.ts';
import { inSlices } from './slices.ts';

/**
 * Lets go of processes that left the protected set: of each a mark, a watch and a descriptor, which are several calls. With
 * the lease of a tree thousands leave at once: that they are not covered any more holds at once, and this is done a few at a
 * time.
 */
export class Leaving {
  readonly #letGo: (member: Member, pidfd: Pidfd) => void;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<Member, Pidfd>();
  #isScheduled = false;

  /**
   * @param letGo takes away what there is of a process beside its descriptor, which is closed here
   * @param onError told why that failed for some
   */
  constructor(letGo: (member: Member, pidfd: Pidfd) => void, onError: (error: unknown) => void) {
    this.#letGo = letGo;
    this.#onError = onError;
  }

  add(member: Member): void {
    this.#waiting.set(member, (member.held as Held).take());
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    // Those that come meanwhile are walked too.
    await inSlices(this.#waiting, ([member, pidfd]) => {
      this.#waiting.delete(member);
      this.#end(member, pidfd);
    });
    this.#isScheduled = false;
  }

  #end(member: Member, pidfd: Pidfd): void {
    try {
      this.#letGo(member, pidfd);
    } catch (error) {
      this.#onError(error);
    } finally {
      pidfd.close();
    }
  }

  /** Closes the rest. */
  close(): void {
    for (const pidfd of this.#waiting.values()) pidfd.close();
    this.#waiting.clear();
  }
}
