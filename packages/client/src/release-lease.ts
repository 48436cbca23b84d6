import { ProtocolError } from '#protocol/errors.ts';
import type { Lease } from '#protocol/lease.ts';
import { ConnectionLostError, NoServerError, RequestTimeoutError } from './errors.ts';
import type { LeaseHost } from './lease-host.ts';

/**
 * Releases a lease. The one request that is sent again after a lost connection: to release a lease twice does no harm,
 * and to leave it would go on protecting a process that wants no protection.
 *
 * @returns the lease as it ended, by this release or before
 * @throws as Client.call
 */
export async function releaseLease(host: LeaseHost, leaseId: string): Promise<Lease> {
  try {
    return await askTwice(host, leaseId);
  } catch (error) {
    if (!(error instanceof ProtocolError && error.kind === 'leaseEnded')) throw error;
    return await host.call('lease.get', { leaseId });
  }
}

async function askTwice(host: LeaseHost, leaseId: string): Promise<Lease> {
  try {
    return await host.call('lease.release', { leaseId });
  } catch (error) {
    if (!(error instanceof ConnectionLostError)) throw error;
    return await host.call('lease.release', { leaseId });
  }
}

/** May a release that failed like this be left? The lease is gone already, or ends by itself where nobody renews it. */
export function isReleaseOptional(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.kind === 'leaseNotFound' || error.kind === 'shuttingDown';
  return error instanceof ConnectionLostError || error instanceof NoServerError || error instanceof RequestTimeoutError;
}
