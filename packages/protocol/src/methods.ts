import { Type, type Static, type TSchema } from 'typebox';
import type { ErrorKind } from './errors.ts';
import { ExplainParams, Explanation } from './explanation.ts';
import {
  HistoryMissed,
  HistoryNotice,
  HistoryPage,
  HistoryQueryParams,
  HistoryFilter,
  HistorySubscription,
} from './history.ts';
import { Lease, LeaseListParams, LeasePage, LeaseRef, RegisterParams, ReleaseParams, RenewParams } from './lease.ts';
import { TerminateParams, TerminateResult } from './process.ts';
import {
  CheckParams,
  CheckResult,
  LeaseExpiring,
  ProtectionChanged,
  ProtectionSubscription,
  Snapshot,
  SnapshotParams,
  SubscriptionRef,
} from './protection.ts';
import { ProtectorPlan, ProtectorStatus, SetModeParams } from './protector.ts';
import { RulesResult } from './rules.ts';
import { ServerInfo, ServerInfoParams, ServerStatus } from './server.ts';

/** One method: what it takes, what it gives, and how it can fail beyond what every method can. */
export interface MethodSpec {
  readonly summary: string;
  readonly params: TSchema;
  readonly result: TSchema;
  readonly errors: readonly ErrorKind[];
}

const Nothing = Type.Object({}, { additionalProperties: false });

/**
 * The method table. Types, the validation of params, protocol/openrpc.json and the client all come from it:
 * a method that is not here does not exist.
 */
export const methods = {
  'rpc.discover': {
    summary: 'This document (OpenRPC).',
    params: Nothing,
    result: Type.Object({ openrpc: Type.String() }, { additionalProperties: true }),
    errors: [],
  },
  'server.info': {
    summary: 'Who answers, what it speaks, and which rungs of the ladder of protection it stands on.',
    params: ServerInfoParams,
    result: ServerInfo,
    errors: ['unsupportedProtocol'],
  },
  'server.status': {
    summary: 'Counts, memory and pressure now.',
    params: Nothing,
    result: ServerStatus,
    errors: [],
  },
  'lease.register': {
    summary: 'Protects a process (default: the caller) or its tree. Answered once the lease is on the disk.',
    params: RegisterParams,
    result: Lease,
    errors: [
      'processNotFound',
      'identityMismatch',
      'notPermitted',
      'leaseHeldByOther',
      'ttlOutOfRange',
      'limitReached',
      'sentinelUnavailable',
      'storeUnavailable',
    ],
  },
  'lease.renew': {
    summary: 'The heartbeat: a heartbeat lease lives for another ttlMs.',
    params: RenewParams,
    result: Lease,
    errors: ['leaseNotFound', 'leaseEnded', 'notPermitted', 'ttlOutOfRange'],
  },
  'lease.release': {
    summary: 'Ends a lease: by its id, or the innermost one that covers a pid.',
    params: ReleaseParams,
    result: Lease,
    errors: ['leaseNotFound', 'leaseEnded', 'notPermitted', 'storeUnavailable'],
  },
  'lease.get': {
    summary: 'One lease, ended ones too while history keeps them.',
    params: LeaseRef,
    result: Lease,
    errors: ['leaseNotFound'],
  },
  'lease.list': {
    summary: 'Leases, newest first.',
    params: LeaseListParams,
    result: LeasePage,
    errors: [],
  },
  'protection.check': {
    summary: 'May the caller send this signal to these processes? One verdict each, in order. Writes nothing.',
    params: CheckParams,
    result: CheckResult,
    errors: ['notPermitted'],
  },
  'protection.snapshot': {
    summary: 'The protected set with its generation, for killers that ask once before they act.',
    params: SnapshotParams,
    result: Snapshot,
    errors: [],
  },
  'protection.rules': {
    summary: 'The automatic protection rules in their order, and whom each covers now.',
    params: Nothing,
    result: RulesResult,
    errors: [],
  },
  'protection.subscribe': {
    summary: 'Notifications protection.changed and lease.expiring, from this generation on.',
    params: Nothing,
    result: ProtectionSubscription,
    errors: ['limitReached'],
  },
  'protection.unsubscribe': {
    summary: 'Ends a subscription.',
    params: SubscriptionRef,
    result: Nothing,
    errors: [],
  },
  'process.terminate': {
    summary: 'The mediated kill: verdict, signal by pidfd, grace, verdict again, SIGKILL, exit; recorded with its requester.',
    params: TerminateParams,
    result: TerminateResult,
    errors: ['processNotFound', 'identityMismatch', 'notPermitted', 'signalFailed', 'storeUnavailable'],
  },
  'process.explain': {
    summary: 'How a process ended, and why: what decided, what came before, what the lease did, and what is not known.',
    params: ExplainParams,
    result: Explanation,
    errors: ['leaseNotFound', 'notPermitted'],
  },
  'history.query': {
    summary: 'Recorded events, newest first unless order says otherwise.',
    params: HistoryQueryParams,
    result: HistoryPage,
    errors: ['storeUnavailable'],
  },
  'history.subscribe': {
    summary: 'Notifications history.event for rows as they are committed, by the same filters.',
    params: HistoryFilter,
    result: HistorySubscription,
    errors: ['limitReached'],
  },
  'history.unsubscribe': {
    summary: 'Ends a subscription.',
    params: SubscriptionRef,
    result: Nothing,
    errors: [],
  },
  'protector.status': {
    summary: 'The resource protector: its mode and limits, what the machine needs, who grows, what was done.',
    params: Nothing,
    result: ProtectorStatus,
    errors: [],
  },
  'protector.plan': {
    summary: 'Whom the resource protector would pick now and why, and why not each of the next ten. Touches nothing.',
    params: Nothing,
    result: ProtectorPlan,
    errors: [],
  },
  'protector.setMode': {
    summary: 'Sets the mode until the server ends. By root or the uid of the server; test, dev and prod act.',
    params: SetModeParams,
    result: ProtectorStatus,
    errors: ['notPermitted'],
  },
} as const satisfies Readonly<Record<string, MethodSpec>>;

/** What the server tells subscribers unasked. */
export const notifications = {
  'protection.changed': { summary: 'Processes joined or left the protected set.', params: ProtectionChanged },
  'lease.expiring': { summary: "A tenth of a lease's maxMs is left.", params: LeaseExpiring },
  'history.event': { summary: 'An event was committed, or changed.', params: HistoryNotice },
  'history.missed': { summary: 'The reader was slow; these events were not told.', params: HistoryMissed },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly params: TSchema }>>;

export type MethodName = keyof typeof methods;
export type MethodParams<Name extends MethodName> = Static<(typeof methods)[Name]['params']>;
export type MethodResult<Name extends MethodName> = Static<(typeof methods)[Name]['result']>;
export type NotificationName = keyof typeof notifications;
export type NotificationParams<Name extends NotificationName> = Static<(typeof notifications)[Name]['params']>;

/** Errors that any method can answer with. */
export const commonErrors: readonly ErrorKind[] = ['invalidParams', 'internalError', 'shuttingDown', 'overloaded'];
