/** What two sightings of a pid say about each other. `unknown` is not `different`: say which. */
export type IdentityMatch = 'same' | 'different' | 'unknown';

/** The parts of an identity that can be compared; a part that is missing is not known. */
export interface IdentityParts {
  readonly pid: number;
  readonly startTicks?: string | undefined;
  readonly bootId?: string | undefined;
  readonly pidfdId?: string | undefined;
}

/**
 * Are these two sightings the same process? The pidfd's inode decides where both have it (unique for a boot);
 * the start time alone can be equal for two processes in the same clock tick.
 */
export function compareIdentity(a: IdentityParts, b: IdentityParts): IdentityMatch {
  if (a.pid !== b.pid) return 'different';
  if (a.bootId !== undefined && b.bootId !== undefined && a.bootId !== b.bootId) return 'different';
  if (a.startTicks !== undefined && b.startTicks !== undefined && a.startTicks !== b.startTicks) return 'different';
  if (a.pidfdId !== undefined && b.pidfdId !== undefined) return a.pidfdId === b.pidfdId ? 'same' : 'different';
  return a.startTicks !== undefined && b.startTicks !== undefined ? 'same' : 'unknown';
}
