import type { GuardMode } from '#linux/sentinel/lease-terms.ts';
import { ProtocolError } from '#protocol/errors.ts';
import type { Absence } from './absence.ts';
import type { Session } from './session.ts';

/** What `[guard]` of omnid.toml says. */
export interface GuardConfig {
  /** `enforce`: the kernel refuses. `audit`: what it would refuse is recorded. `off`: there is no guard. */
  readonly mode: GuardMode;
  /** Guard leases that do not say whether they want it, where their owner may. */
  readonly default: boolean;
  /** Who may ask, beside root: members of this group, by name or number. */
  readonly group: string;
  /** How many processes a uid other than root's may have guarded. */
  readonly processesPerUidMax: number;
}

export interface GuardPolicyOptions {
  readonly config: Pick<GuardConfig, 'default' | 'group' | 'processesPerUidMax'>;
  /** Number of the group; undefined where this machine has none of that name. */
  readonly groupId: number | undefined;
  /** Why there is no guard; undefined where there is one. */
  readonly absence: Absence | undefined;
  /** Processes that a uid has guarded. */
  readonly countOf: (uid: number) => number;
}

/** Who may have what guarded: a process that nobody can kill is power. */
export class GuardPolicy {
  readonly #options: GuardPolicyOptions;

  constructor(options: GuardPolicyOptions) {
    this.#options = options;
  }

  /**
   * Is the lease that this peer asks for to be guarded?
   *
   * @param asked what the peer said; undefined: nothing, and the configuration's default holds where it can
   * @throws ProtocolError sentinelUnavailable, notPermitted or limitReached, where the peer asked for what it cannot have
   */
  grants(asked: boolean | undefined, session: Session): boolean {
    if (asked === false || (asked === undefined && !this.#options.config.default)) return false;
    const refusal = this.#refusal(session);
    if (refusal === undefined) return true;
    if (asked === true) throw refusal;
    return false;
  }

  #refusal(session: Session): ProtocolError | undefined {
    const { absence, config, countOf } = this.#options;
    if (absence !== undefined) {
      const words = `guard is not to be had: ${absence.why}; register without it for an advisory lease, or ${absence.fix}`;
      return new ProtocolError('sentinelUnavailable', words);
    }
    const { uid, isRoot } = session.caller;
    if (isRoot) return undefined;
    if (!this.#isInGroup(session)) return new ProtocolError('notPermitted', this.#whoMay());
    if (countOf(uid) < config.processesPerUidMax) return undefined;
    const words = `uid ${String(uid)} has ${String(config.processesPerUidMax)} processes guarded, the most that it may`;
    return new ProtocolError('limitReached', words, { limit: 'processesPerUidMax' });
  }

  #isInGroup(session: Session): boolean {
    const { groupId } = this.#options;
    return groupId !== undefined && (session.peer.gid === groupId || session.peer.groups().includes(groupId));
  }

  #whoMay(): string {
    const { config, groupId } = this.#options;
    const who = groupId === undefined ? 'root alone' : `root and members of the group ${config.group}`;
    const fix = groupId === undefined ? ` (there is no group ${config.group} for others: [guard] group in omnid.toml)` : '';
    return `${who} may have processes guarded by the kernel${fix}; register without guard for an advisory lease`;
  }
}
