import { E2BIG, ENOSYS, EOPNOTSUPP, errnoName, SystemCallError } from './errno.ts';
import { closeFile, landlockAbi, landlockCreateRuleset, landlockRestrictSelf, setNoNewPrivs } from './ffi.ts';

/** What to change where signals cannot be confined. */
export const LANDLOCK_FIX = 'Linux 6.12 or later with CONFIG_SECURITY_LANDLOCK=y and landlock in its lsm= list';

/** The first with LANDLOCK_SCOPE_SIGNAL. */
const LANDLOCK_ABI_MIN = 6;

// include/uapi/linux/landlock.h: struct landlock_ruleset_attr { u64 handled_access_fs, handled_access_net, scoped; }
const LANDLOCK_SCOPE_SIGNAL = 2n;
const RULESET_BYTES = 24;
const SCOPED_OFFSET = 16;

/** Signals cannot be confined here. */
export class ConfineUnavailable extends Error {
  /** What is missing, in words. */
  readonly reason: string;

  /** @param reason what is missing */
  constructor(reason: string) {
    super(`${reason}; it needs ${LANDLOCK_FIX}`);
    this.name = 'ConfineUnavailable';
    this.reason = reason;
  }
}

/**
 * Why signals cannot be confined here. Asked by making the ruleset, which binds nobody: a kernel of RHEL 9 (5.14) tells
 * ABI 6 and does not know the scope of signals.
 * @returns words, or undefined where they can be confined
 */
export function signalScopeAbsence(): string | undefined {
  const ruleset = createSignalRuleset();
  if (ruleset < 0) return absenceWords(landlockAbi(), -ruleset);
  closeFile(ruleset);
  return undefined;
}

/**
 * Confines the calling thread, and whatever it executes and starts: no signal reaches a process that was not started
 * from here on (EPERM), and none gains a privilege (no_new_privs). Needs no privilege, and cannot be undone.
 *
 * The rest of a process with threads stays free: for the main thread of a process that executes another program next.
 * @throws ConfineUnavailable where the kernel cannot; SystemCallError where it would, and fails
 */
export function confineSignals(): void {
  const ruleset = createSignalRuleset();
  if (ruleset < 0) throw new ConfineUnavailable(absenceWords(landlockAbi(), -ruleset));
  try {
    assertDone('prctl', setNoNewPrivs());
    const restricted = landlockRestrictSelf(ruleset);
    if (restricted === -E2BIG) throw new ConfineUnavailable('this process is confined 16 times already, one inside the other');
    assertDone('landlock_restrict_self', restricted);
  } finally {
    closeFile(ruleset);
  }
}

/** @returns a descriptor, or -errno */
function createSignalRuleset(): number {
  const attributes = Buffer.alloc(RULESET_BYTES);
  attributes.writeBigUInt64LE(LANDLOCK_SCOPE_SIGNAL, SCOPED_OFFSET);
  return landlockCreateRuleset(attributes);
}

/**
 * Says why the ruleset was refused.
 * @param abi as the kernel tells it, or the negated error number of asking
 * @param errno of making the ruleset, positive
 */
export function absenceWords(abi: number, errno: number): string {
  if (abi === -ENOSYS) return 'this kernel has no Landlock';
  if (abi === -EOPNOTSUPP) return 'Landlock was not switched on when this kernel was booted';
  if (abi < 0) return `Landlock cannot be asked (${errnoName(-abi)}): a sandbox around this process may forbid it`;
  if (abi < LANDLOCK_ABI_MIN) return `Landlock of this kernel has ABI ${abi}, and signals are scoped from ABI 6 on`;
  return `Landlock of this kernel tells ABI ${abi}, and refuses to scope signals (${errnoName(errno)})`;
}

function assertDone(call: string, result: number): void {
  if (result < 0) throw new SystemCallError(call, -result);
}
