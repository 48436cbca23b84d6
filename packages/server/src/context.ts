import type { Logger } from 'pino';
import type { Verdict } from '#protocol/verdict.ts';
import { judge, type JudgeView } from '#core/verdict.ts';
import type { IdentityParts } from '#core/identity.ts';
import type { TermLimits } from '#core/lease-terms.ts';
import type { ServerInfo } from '#protocol/server.ts';
import type { GuardMode } from '#linux/sentinel/lease-terms.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { DenialLog } from './denial-log.ts';
import { clock, machine } from './machine.ts';
import type { Protector } from './protector/protector.ts';
import type { Registry } from './registry.ts';
import type { Absence } from './absence.ts';
import type { GuardPolicy } from './guard-policy.ts';
import type { Session } from './session.ts';
import type { Store } from './store/store.ts';

/** What the handlers work with. */
export interface ServerContext {
  readonly registry: Registry;
  readonly store: Store;
  readonly watcher: ExitWatcher;
  readonly log: Logger;
  readonly bootId: string;
  /** The one uid that is served; undefined: all (system scope). */
  readonly servedUid: number | undefined;
  readonly termLimits: TermLimits;
  readonly subscriptionsPerConnectionMax: number;
  readonly identity: Pick<ServerInfo, 'version' | 'scope' | 'socket' | 'startedAt'>;
  readonly startedMs: number;
  /** Aborted where the server stops, and what still waits for a process must not any longer. */
  readonly stopping: AbortSignal;
  /** Why there is no sentinel; undefined where it is at work. */
  readonly sentinelAbsence: Absence | undefined;
  /** The same of the guard. */
  readonly guardAbsence: Absence | undefined;
  readonly guardMode: GuardMode;
  readonly guardPolicy: GuardPolicy;
  readonly protector: Protector;
  connectionCount(): number;
}

/** What verdicts are given by. */
export function judgeViewOf(registry: Registry, bootId: string, servedUid: number | undefined): JudgeView {
  const { members, membership } = registry.table;
  return { table: machine, members, membership, rules: registry.rules, bootId, ownPid: process.pid, servedUid };
}

/** Gives verdicts, and logs denials, once for each sender, target and minute. */
export class Judge {
  readonly #view: JudgeView;
  readonly #denials: DenialLog;

  constructor(context: ServerContext) {
    this.#view = judgeViewOf(context.registry, context.bootId, context.servedUid);
    this.#denials = new DenialLog(context.log, clock);
  }

  verdict(session: Session, claim: IdentityParts, signal: number): Verdict {
    const verdict = judge(this.#view, session.sender, claim, signal);
    if (!verdict.allow && verdict.rule !== 'processNotFound') this.#denials.note(session, verdict);
    return verdict;
  }
}
