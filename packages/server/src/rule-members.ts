import { compareIdentity } from '#core/identity.ts';
import type { Member } from '#core/lease.ts';
import type { ProtectionChange } from '#core/protected-set.ts';
import { coversOf, type RuleCover } from '#core/rules/cover.ts';
import type { Rule, RuleKey } from '#core/rules/rule.ts';
import { machine, type Held } from './machine.ts';
import type { Registry } from './registry.ts';
import type { RuleMemberRow } from './store/rule-member-rows.ts';
import type { Store } from './store/store.ts';

/** A cover on the disk: its rule by name. */
interface WrittenCover {
  readonly rule: string;
  readonly rootPid: number;
  readonly rootStartTicks: string;
  readonly rootUid: number | null;
  readonly by: readonly RuleKey[];
}

/**
 * Writes down whom rules cover: a process whose parents are gone, or that has become another program, is found by no look any
 * more, and would lose its protection when the server is started again.
 */
export class RuleMembers {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #bootId: string;
  readonly #noted = new Map<Member, { readonly cover: RuleCover; isWritten: boolean }>();

  constructor(store: Store, registry: Registry, bootId: string) {
    this.#store = store;
    this.#registry = registry;
    this.#bootId = bootId;
  }

  /** Takes up those of the server before who live still, by rules that there are still; then writes down who comes. */
  restore(): void {
    for (const row of this.#store.ruleMembers.all()) {
      const cover = this.#coverOf(row);
      const held = cover === undefined ? undefined : hold(row);
      if (cover === undefined || held === undefined) this.#delete(row.pid, row.start_ticks);
      else this.#noted.set(this.#registry.rules.restore(held, cover), { cover, isWritten: true });
    }
    this.#registry.table.protectedSet.listen((change) => {
      this.#changed(change);
    });
  }

  #coverOf({ covers, boot_id }: RuleMemberRow): RuleCover | undefined {
    if (boot_id !== this.#bootId) return undefined;
    const rules = new Map<string, Rule>(this.#registry.rules.rules.map((rule) => [rule.name, rule]));
    let parent: RuleCover | undefined;
    for (const { rule: name, rootUid, ...cover } of (JSON.parse(covers) as WrittenCover[]).toReversed()) {
      const rule = rules.get(name);
      if (rule !== undefined) parent = { ...cover, rule, rootUid: rootUid ?? undefined, parent };
    }
    return parent;
  }

  #changed({ kind, member }: ProtectionChange): void {
    const { cover } = member;
    if (kind === 'removed') this.#left(member);
    else if (cover !== undefined && this.#noted.get(member)?.cover !== cover) this.#joined(member, cover);
  }

  /** Most are gone before their turn comes. */
  #joined(member: Member, cover: RuleCover): void {
    const note = { cover, isWritten: false };
    this.#noted.set(member, note);
    this.#store.writeLater(
      () => {
        if (this.#noted.get(member) !== note) return;
        this.#store.ruleMembers.insert(this.#rowOf(member, cover));
        note.isWritten = true;
      },
      { isNeeded: () => this.#noted.get(member) === note },
    );
  }

  #left(member: Member): void {
    const isWritten = this.#noted.get(member)?.isWritten === true;
    this.#noted.delete(member);
    if (isWritten) this.#delete(member.pid, member.startTicks);
  }

  #delete(pid: number, startTicks: string): void {
    this.#store.writeLater(() => {
      this.#store.ruleMembers.delete(pid, startTicks);
    });
  }

  #rowOf({ pid, startTicks, pidfdId }: Member, innermost: RuleCover): RuleMemberRow {
    const covers = coversOf(innermost).map(({ rule, rootPid, rootStartTicks, rootUid = null, by }): WrittenCover => ({
      rule: rule.name,
      rootPid,
      rootStartTicks,
      rootUid,
      by,
    }));
    return {
      pid,
      start_ticks: startTicks,
      pidfd_id: pidfdId ?? null,
      boot_id: this.#bootId,
      covers: JSON.stringify(covers),
    };
  }
}

function hold({ pid, start_ticks, pidfd_id }: RuleMemberRow): Held | undefined {
  const held = machine.hold(pid);
  if (held === undefined) return undefined;
  if (compareIdentity({ pid, startTicks: start_ticks, pidfdId: pidfd_id ?? undefined }, held) === 'same') return held;
  held.close();
  return undefined;
}
