/** The SDK. What the wire knows (errors, shapes) comes from the protocol, under the same names. */
export { connect, type ConnectOptions } from './connect.ts';
export { Client } from './client.ts';
export { LeaseHandle } from './lease-handle.ts';
export type { LostListener } from './loss.ts';
export { mayKill } from './may-kill.ts';
export type { KillTarget } from './verdicts.ts';
export { findSocket, machineId, stateFolder, systemSocketPath, userSocketPath, type Environment } from './paths.ts';
export {
  ClientClosedError,
  ClientError,
  ConnectionLostError,
  NoServerError,
  RequestTimeoutError,
  UntrustedServerError,
} from './errors.ts';
export { clientBounds } from './bounds.ts';
export type { Watch } from './watch.ts';
export type { HistoryEventItem, HistoryGapItem, HistoryItem, HistoryMissedItem } from './watch-history.ts';
export type {
  LeaseExpiringItem,
  ProtectionChangedItem,
  ProtectionGapItem,
  ProtectionItem,
  ProtectionMissedItem,
  ProtectionWatch,
} from './watch-protection.ts';

export { errorCodes, ProtocolError, type ErrorKind } from '#protocol/errors.ts';
export type { Explanation, ExplainParams } from '#protocol/explanation.ts';
export type { HistoryFilter, HistoryPage, ProcessRef, SignalEvent } from '#protocol/history.ts';
export type { ProcessClaim, ProcessIdentity } from '#protocol/identity.ts';
export type { Lease, LeasePage, RegisterParams } from '#protocol/lease.ts';
export type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
export type { Snapshot } from '#protocol/protection.ts';
export type { ProtectionRule, RuleTree } from '#protocol/rules.ts';
export type { ServerInfo, ServerStatus } from '#protocol/server.ts';
export type { Verdict } from '#protocol/verdict.ts';
