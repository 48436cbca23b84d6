import type { Member } from '#core/lease.ts';
import { bounds } from '#protocol/bounds.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type {
  CheckParams,
  ProtectedProcess,
  ProtectionSubscription,
  Snapshot,
  SnapshotParams,
  SubscriptionRef,
} from '#protocol/protection.ts';
import type { RulesResult } from '#protocol/rules.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { Judge, ServerContext } from '../context.ts';
import { requireSharedPids } from '../peer-rights.ts';
import { ProtectionFeed } from '../protection-feed.ts';
import { viewRules } from '../rule-view.ts';
import type { Session } from '../session.ts';
import { addSubscription, endSubscription } from '../subscriptions.ts';

const signalDefault = 9;

/** protection.*: verdicts, and the protected set. */
export class ProtectionHandlers {
  readonly #context: ServerContext;
  readonly #judge: Judge;

  constructor(context: ServerContext, judge: Judge) {
    this.#context = context;
    this.#judge = judge;
  }

  check(params: CheckParams, session: Session): Verdict[] {
    const { pids, identities } = params;
    if ((pids === undefined) === (identities === undefined)) {
      throw new ProtocolError('invalidParams', 'protection.check takes pids or identities, one of the two');
    }
    requireSharedPids(session);
    const signal = params.signal ?? signalDefault;
    const claims = identities ?? (pids ?? []).map((pid) => ({ pid }));
    return claims.map((claim) => this.#judge.verdict(session, claim, signal));
  }

  /** A look through the process table comes first: what this page leaves out is not protected. */
  async snapshot(params: SnapshotParams): Promise<Snapshot> {
    const { registry, bootId } = this.#context;
    const afterPid = readCursor(params.cursor);
    if (afterPid === undefined) await registry.scan();
    const limit = params.limit ?? bounds.pageRowsDefault;
    const { protectedSet, members } = registry.table;
    const found = [...members.values()].filter((member) => member.pid > (afterPid ?? 0)).sort((a, b) => a.pid - b.pid);
    const page = found.slice(0, limit);
    return {
      generation: protectedSet.generation,
      bootId,
      processes: page.map((member) => viewMember(member, bootId)),
      nextCursor: found.length > limit ? String(page.at(-1)?.pid) : null,
    };
  }

  /** A look comes first here too. */
  async rules(): Promise<RulesResult> {
    const { registry, bootId } = this.#context;
    await registry.scan();
    return { rules: viewRules(registry.rules.rules, registry.table.members.values(), bootId) };
  }

  subscribe(session: Session): ProtectionSubscription {
    const { registry, bootId, subscriptionsPerConnectionMax } = this.#context;
    const subscriptionId = addSubscription(session, subscriptionsPerConnectionMax, (id) => {
      const feed = new ProtectionFeed(id, session, registry, (member) => viewMember(member, bootId));
      return () => {
        feed.close();
      };
    });
    return { subscriptionId, generation: registry.table.protectedSet.generation };
  }

  unsubscribe(params: SubscriptionRef, session: Session): Record<never, never> {
    endSubscription(session, params.subscriptionId);
    return {};
  }
}

function viewMember(member: Member, bootId: string): ProtectedProcess {
  const { pid, startTicks, pidfdId } = member;
  const leaseId = member.leases[0]?.id;
  return {
    identity: { pid, startTicks, bootId, ...(pidfdId === undefined ? {} : { pidfdId }) },
    ...(leaseId === undefined ? {} : { leaseId }),
    ...(member.cover === undefined ? {} : { rule: member.cover.rule.name }),
  };
}

/** Pages are in the order of pids. */
function readCursor(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^\d{1,10}$/.test(cursor)) return Number(cursor);
  throw new ProtocolError('invalidParams', 'cursor is not one that protection.snapshot gave: pass nextCursor on as it is');
}
