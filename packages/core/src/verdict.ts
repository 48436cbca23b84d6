import type { Verdict, VerdictRule } from '#protocol/verdict.ts';
import { isHarmless } from './harmless.ts';
import { compareIdentity, type IdentityParts } from './identity.ts';
import type { Lease, Member } from './lease.ts';
import type { Members } from './members.ts';
import type { Membership } from './membership.ts';
import type { ProcessEntry, ProcessTable } from './ports.ts';
import type { RuleCoverage } from './rules/coverage.ts';
import { shareCover, type RuleCover } from './rules/cover.ts';
import type { Sender } from './sender.ts';
import { forbiddenByDefault, hasSignal } from './signal-set.ts';

/** What the judge looks at; it changes nothing but what is known of membership. */
export interface JudgeView {
  readonly table: ProcessTable;
  readonly members: Members;
  readonly membership: Membership;
  /** Automatic protection rules; absent: none. */
  readonly rules?: RuleCoverage;
  readonly bootId: string;
  readonly ownPid: number;
  /** The one uid that a per-user server serves; undefined: all. */
  readonly servedUid: number | undefined;
}

/**
 * May this sender send this signal to this process? The design's rules in their order, the first match decides.
 *
 * @param claim who is meant: a pid, and whatever else the caller knows of it
 * @param signal 0 to 64
 */
export function judge(view: JudgeView, sender: Sender, claim: IdentityParts, signal: number): Verdict {
  const { pid } = claim;
  const answer = (allow: boolean, rule: VerdictRule, reason: string): Verdict => ({ pid, signal, allow, rule, reason });

  const member = view.members.live(pid);
  const entry = member === undefined ? view.table.entry(pid) : undefined;
  const seen = member ?? entry;
  if (seen === undefined) return answer(false, 'processNotFound', `no process has pid ${String(pid)}`);
  if (isOther(view, claim, seen)) return answer(false, 'identityMismatch', `another process has pid ${String(pid)} now`);
  const system = systemProcess(view, pid, entry);
  if (system !== undefined) return answer(false, 'systemProcess', system);
  if (entry !== undefined && outsideScope(view, pid)) {
    return answer(
      false,
      'outsideScope',
      `the process is of another user: this server serves uid ${String(view.servedUid)} alone`,
    );
  }
  if (isHarmless(signal)) return answer(true, 'harmlessSignal', 'the signal ends and stops nothing');

  const { leases } = member === undefined ? view.membership.coverage(pid, entry) : view.membership.coverageOf(member);
  if (sender.is(pid) || isOwnTree(view, sender, leases)) {
    return answer(true, 'ownTree', 'the sender is the process, or belongs to a lease that covers it');
  }
  const lease = leases.find((one) => hasSignal(one.terms.forbidden, signal));
  if (lease !== undefined) {
    return { pid, signal, allow: false, rule: 'lease', reason: `lease ${lease.id} forbids the signal`, leaseId: lease.id };
  }
  const cover = hasSignal(forbiddenByDefault, signal) ? view.rules?.of(pid, entry) : undefined;
  if (cover !== undefined) {
    if (isOwnRuleTree(view, sender, cover)) return answer(true, 'ownTree', 'the sender belongs to the tree that a rule covers');
    return answer(false, 'protectionRule', ruleReason(cover, pid));
  }
  return answer(true, 'unprotected', leases.length === 0 ? 'nothing protects the process' : 'no lease forbids the signal');
}

/** Rule 1. Compares only what the claim says; the pidfd's inode is looked up only where the claim has one. */
function isOther(view: JudgeView, claim: IdentityParts, seen: Member | ProcessEntry): boolean {
  if (claim.startTicks === undefined && claim.pidfdId === undefined && claim.bootId === undefined) return false;
  const pidfdId = claim.pidfdId === undefined ? undefined : 'held' in seen ? seen.pidfdId : pidfdIdOf(view.table, claim.pid);
  const now = { pid: claim.pid, startTicks: seen.startTicks, bootId: view.bootId, pidfdId };
  return compareIdentity(claim, now) === 'different';
}

function pidfdIdOf(table: ProcessTable, pid: number): string | undefined {
  const held = table.hold(pid);
  held?.close();
  return held?.pidfdId;
}

/** Rule 2. `entry` is undefined for a member, which was looked at when it was registered. */
function systemProcess(view: JudgeView, pid: number, entry: ProcessEntry | undefined): string | undefined {
  if (pid === 1) return 'pid 1 is the init process';
  if (pid === view.ownPid) return 'the process is omnid itself';
  return entry?.kernelThread === true ? 'the process is a kernel thread' : undefined;
}

/** Rule 3. */
function outsideScope(view: JudgeView, pid: number): boolean {
  return view.servedUid !== undefined && view.table.uids(pid)?.real !== view.servedUid;
}

/** Rule 5. */
function isOwnTree(view: JudgeView, sender: Sender, leases: readonly Lease[]): boolean {
  if (leases.length === 0) return false;
  const own = sender.coverage(view.membership);
  return own.length > 0 && leases.some((lease) => own.includes(lease));
}

/** Rule 5 for rule 7: a test controller ends its own workers. */
function isOwnRuleTree(view: JudgeView, sender: Sender, cover: RuleCover): boolean {
  const { pid } = sender;
  if (pid === undefined) return false;
  const own = view.rules?.of(pid);
  // It may have exited while it was looked up, and another may have its pid.
  return own !== undefined && sender.pid !== undefined && shareCover(own, cover);
}

/** Rule 7. The keys that fitted are told, and not what they fitted: a command line is not everybody's. */
function ruleReason({ rule, rootPid, by }: RuleCover, pid: number): string {
  const whose = rootPid === pid ? 'it' : `its ancestor ${String(rootPid)}`;
  return `rule ${rule.name} covers the process: ${whose} matches by ${by.join(' and ')}`;
}
