import { ProtocolError, type ErrorKind } from '#protocol/errors.ts';
import type { Lease } from '#protocol/lease.ts';
import { clientBounds } from './bounds.ts';

/** Answers after which no renewal can succeed any more. */
const finalKinds: ReadonlySet<ErrorKind> = new Set(['leaseNotFound', 'leaseEnded', 'notPermitted']);

/**
 * How a held lease is kept: a heartbeat lease is renewed, one that lives with its process is looked at.
 *
 * @returns the method to call with its id
 */
export function renewalMethod(lease: Lease): 'lease.renew' | 'lease.get' {
  return lease.renewal === 'heartbeat' ? 'lease.renew' : 'lease.get';
}

/** @returns milliseconds from one renewal to the next */
export function renewalMs(lease: Lease): number {
  if (lease.renewal === 'process' || lease.ttlMs === null) return clientBounds.processLeaseCheckMs;
  return lease.ttlMs / clientBounds.renewalsPerTtl;
}

/** @returns milliseconds from a failed renewal to the next try */
export function renewalRetryMs(lease: Lease): number {
  return (renewalMs(lease) * clientBounds.renewalsPerTtl) / clientBounds.renewalRetriesPerTtl;
}

/** Has the server said that the lease is gone? Any other failure may pass. */
export function isFinal(error: unknown): boolean {
  return error instanceof ProtocolError && finalKinds.has(error.kind);
}
