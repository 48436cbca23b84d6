import type { Member } from '#core/lease.ts';
import { CgroupOomKills } from '#linux/cgroup-oom.ts';
import { hasPureCgroup2 } from '#linux/own-cgroup.ts';
import { cgroupIdOfHeld } from '#linux/pidfd-info.ts';
import { readCgroup } from '#linux/proc-text.ts';
import { clock, type Held } from './machine.ts';
import { tryRead } from './try-read.ts';

/** Cgroups that are watched at once; members are mostly in the same few. */
const groupsMax = 256;
/** A kill and the exit that it makes are not further apart: a large process takes a while to give its memory back. */
const apartMs = 2000;

interface Group {
  /** The cgroup's id, or its path where the kernel does not tell the id of a held process. */
  readonly key: string;
  readonly kills: CgroupOomKills;
  members: number;
}

/**
 * For a server without the sentinel: did the OOM killer kill in a member's cgroup, just when the member died of a
 * SIGKILL? It cannot tell whom it killed, so this makes a likely cause and no certain one.
 */
export class OomWatch implements Disposable {
  /** Nobody's cgroup has to be read where there is nothing to watch. */
  readonly #isPossible = hasPureCgroup2();
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Member, Group>();

  /** A process joined the protected set. */
  joined(member: Member): void {
    if (!this.#isPossible) return;
    const group = this.#find(member);
    if (group === undefined) return;
    group.members += 1;
    this.#groupOf.set(member, group);
  }

  /** By the id of its cgroup, which one system call tells: the path is read for the first of a group alone. */
  #find({ pid, held }: Member): Group | undefined {
    const id = tryRead(() => cgroupIdOfHeld((held as Held).pidfd));
    const known = id === undefined ? undefined : this.#groups.get(id);
    if (known !== undefined) return known;
    const path = tryRead(() => readCgroup(pid));
    if (path === undefined || !held.alive()) return undefined;
    const key = id ?? path;
    return this.#groups.get(key) ?? this.#open(key, path);
  }

  #open(key: string, path: string): Group | undefined {
    if (this.#groups.size >= groupsMax) return undefined;
    const kills = CgroupOomKills.open(path, () => clock.monotonicMs());
    if (kills === undefined) return undefined;
    const group = { key, kills, members: 0 };
    this.#groups.set(key, group);
    return group;
  }

  /** Was there a kill in its cgroup, just now? */
  sawKill(member: Member): boolean {
    return this.#groupOf.get(member)?.kills.within(apartMs) ?? false;
  }

  /** It left the protected set. */
  left(member: Member): void {
    const group = this.#groupOf.get(member);
    if (group === undefined) return;
    this.#groupOf.delete(member);
    group.members -= 1;
    if (group.members > 0) return;
    this.#groups.delete(group.key);
    group.kills[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const { kills } of this.#groups.values()) kills[Symbol.dispose]();
    this.#groups.clear();
    this.#groupOf.clear();
  }
}
