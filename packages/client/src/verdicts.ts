import { bounds } from '#protocol/bounds.ts';
import type { ProcessClaim } from '#protocol/identity.ts';
import type { Verdict } from '#protocol/verdict.ts';

const sigkill = 9;

/** Whom a killer means: a pid, or (safe against reuse) an identity. */
export type KillTarget = number | ProcessClaim;

/** Asks for one verdict each, in order; as `protection.check`. */
export type AskVerdicts = (identities: ProcessClaim[], signal: number) => Promise<Verdict[]>;

/**
 * May all of these be sent the signal?
 *
 * @param targets whom; none at all is a no
 * @param signal number, default SIGKILL
 * @returns true only where the server positively allows each; false where it denies one, and **on any failure**:
 *   no answer means "do not kill"
 */
export async function allAllowed(ask: AskVerdicts, targets: readonly KillTarget[], signal: number = sigkill): Promise<boolean> {
  const claims = targets.map((target) => (typeof target === 'number' ? { pid: target } : target));
  if (claims.length === 0) return false;
  try {
    for (let from = 0; from < claims.length; from += bounds.checkTargetsMax) {
      const part = claims.slice(from, from + bounds.checkTargetsMax);
      if (!isAllowed(await ask(part, signal), part, signal)) return false;
    }
    return true;
  } catch {
    // The reason is of no use to a killer: whatever it was, it may not.
    return false;
  }
}

/** An answer about other processes, or another signal, allows nothing. */
function isAllowed(verdicts: readonly Verdict[], claims: readonly ProcessClaim[], signal: number): boolean {
  if (verdicts.length !== claims.length) return false;
  return claims.every((claim, index) => {
    const verdict = verdicts[index];
    return verdict?.allow === true && verdict.pid === claim.pid && verdict.signal === signal;
  });
}
