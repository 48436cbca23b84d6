import type { RegisterParams } from '#protocol/lease.ts';
import type { LeaseTerms } from './lease.ts';
import { Refusal } from './refusal.ts';
import { forbiddenByDefault, signalSet } from './signal-set.ts';

/** What a server lets a lease ask for; from the configuration. */
export interface TermLimits {
  readonly ttlMsDefault: number;
  readonly ttlMsMin: number;
  readonly ttlMsMax: number;
  readonly maxMsMin: number;
  readonly maxMsMax: number;
}

/**
 * Reads the terms of a registration, filling in the design's defaults.
 *
 * @param params as they came over the wire
 * @param limits what this server grants, milliseconds
 * @param markerDigest digest of `params.marker`, if there is one
 * @throws Refusal ttlOutOfRange, or invalidParams where the terms contradict each other
 */
export function readTerms(params: RegisterParams, limits: TermLimits, markerDigest: string | null): LeaseTerms {
  const renewal = params.renewal ?? (params.ttlMs === undefined ? 'process' : 'heartbeat');
  if (renewal === 'process' && params.ttlMs !== undefined) {
    throw new Refusal('invalidParams', "ttlMs goes with renewal 'heartbeat': a lease of renewal 'process' has no heartbeat");
  }
  return Object.freeze({
    label: params.label ?? null,
    reason: params.reason ?? null,
    renewal,
    scope: params.scope ?? 'tree',
    guard: params.guard ?? false,
    strict: params.strict ?? false,
    forbidden: params.forbiddenSignals === undefined ? forbiddenByDefault : signalSet(params.forbiddenSignals),
    priority: params.priority ?? 0,
    ttlMs: renewal === 'heartbeat' ? checkTtl(params.ttlMs ?? limits.ttlMsDefault, limits) : null,
    maxMs: params.maxMs === undefined ? null : checkMax(params.maxMs, limits),
    markerDigest,
  });
}

/** @throws Refusal ttlOutOfRange */
export function checkTtl(ttlMs: number, limits: TermLimits): number {
  return checkRange('ttlMs', ttlMs, limits.ttlMsMin, limits.ttlMsMax);
}

function checkMax(maxMs: number, limits: TermLimits): number {
  return checkRange('maxMs', maxMs, limits.maxMsMin, limits.maxMsMax);
}

function checkRange(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new Refusal('ttlOutOfRange', `${name} is ${String(value)}, and must be from ${String(min)} to ${String(max)} ms`, {
    member: name,
    min,
    max,
  });
}
