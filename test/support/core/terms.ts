import type { LeaseTerms } from '#core/lease.ts';
import { forbiddenByDefault } from '#core/signal-set.ts';

/** The design's default terms, but for what a test says. */
export function terms(some: Partial<LeaseTerms> = {}): LeaseTerms {
  return Object.freeze({
    label: null,
    reason: null,
    renewal: 'process',
    scope: 'tree',
    guard: false,
    strict: false,
    forbidden: forbiddenByDefault,
    priority: 0,
    ttlMs: null,
    maxMs: null,
    markerDigest: null,
    ...some,
  });
}

/** A lease that ends so long after its last heartbeat. */
export function heartbeat(ttlMs: number, some: Partial<LeaseTerms> = {}): LeaseTerms {
  return terms({ renewal: 'heartbeat', ttlMs, ...some });
}
