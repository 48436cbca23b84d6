import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { ProcessIdentity } from './identity.ts';
import {
  Cursor,
  Decimal,
  Label,
  LeaseId,
  Milliseconds,
  NullableMilliseconds,
  NullableText,
  NullableTimestamp,
  PageRows,
  Pid,
  Reason,
  Timestamp,
  Uid,
} from './scalars.ts';

export const LeaseState = Type.Enum(['active', 'released', 'expired', 'exited', 'revoked', 'lost']);
export type LeaseState = Static<typeof LeaseState>;

/** `process`: no end but the processes'. `heartbeat`: ends `ttlMs` after the last heartbeat. */
export const Renewal = Type.Enum(['process', 'heartbeat']);
export type Renewal = Static<typeof Renewal>;

/** `tree`: the process and all its descendants. `process`: it alone. */
export const Scope = Type.Enum(['tree', 'process']);
export type Scope = Static<typeof Scope>;

const ForbiddenSignal = Type.Integer({ minimum: 1, maximum: bounds.signalMax });
const Priority = Type.Integer({ minimum: bounds.priorityMin, maximum: bounds.priorityMax });

export const Lease = Type.Object(
  {
    id: LeaseId,
    identity: ProcessIdentity,
    uid: Uid,
    label: NullableText,
    reason: NullableText,
    renewal: Renewal,
    scope: Scope,
    guard: Type.Boolean(),
    strict: Type.Boolean(),
    forbiddenSignals: Type.Array(ForbiddenSignal),
    priority: Priority,
    parentLeaseId: Type.Optional(LeaseId),
    members: Type.Integer({ minimum: 0, description: 'live processes that the server has seen in it' }),
    rootAlive: Type.Boolean(),
    state: LeaseState,
    ttlMs: NullableMilliseconds,
    maxMs: NullableMilliseconds,
    grantedAt: Timestamp,
    renewedAt: NullableTimestamp,
    expiresAt: NullableTimestamp,
    endedAt: NullableTimestamp,
  },
  { additionalProperties: false },
);
export type Lease = Static<typeof Lease>;

export const RegisterParams = Type.Object(
  {
    pid: Type.Optional(Pid),
    startTicks: Type.Optional(Decimal),
    pidfdId: Type.Optional(Decimal),
    label: Type.Optional(Label),
    reason: Type.Optional(Reason),
    ttlMs: Type.Optional(Milliseconds),
    maxMs: Type.Optional(Milliseconds),
    renewal: Type.Optional(Renewal),
    scope: Type.Optional(Scope),
    guard: Type.Optional(Type.Boolean()),
    strict: Type.Optional(Type.Boolean()),
    forbiddenSignals: Type.Optional(Type.Array(ForbiddenSignal, { maxItems: bounds.signalMax, uniqueItems: true })),
    priority: Type.Optional(Priority),
    marker: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{22,128}$',
        description: 'secret that the tree carries as OMNIMIND_LEASE: it finds re-parented descendants, and only protects',
      }),
    ),
    wrapper: Type.Optional(
      Type.Boolean({
        description: 'the caller means to stay until the process ends: where it goes first, history tells (orphaned)',
      }),
    ),
  },
  { additionalProperties: false },
);
export type RegisterParams = Static<typeof RegisterParams>;

export const RenewParams = Type.Object(
  { leaseId: LeaseId, ttlMs: Type.Optional(Milliseconds) },
  { additionalProperties: false },
);
export type RenewParams = Static<typeof RenewParams>;

/** Exactly one of the two; the handler says so where it is not. */
export const ReleaseParams = Type.Object(
  { leaseId: Type.Optional(LeaseId), pid: Type.Optional(Pid) },
  { additionalProperties: false },
);
export type ReleaseParams = Static<typeof ReleaseParams>;

export const LeaseRef = Type.Object({ leaseId: LeaseId }, { additionalProperties: false });

export const LeaseListParams = Type.Object(
  {
    state: Type.Optional(
      Type.Enum(['active', 'released', 'expired', 'exited', 'revoked', 'lost', 'any'], { description: 'default: active' }),
    ),
    uid: Type.Optional(Uid),
    label: Type.Optional(Label),
    limit: Type.Optional(PageRows),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
export type LeaseListParams = Static<typeof LeaseListParams>;

export const LeasePage = Type.Object(
  { leases: Type.Array(Lease), nextCursor: Type.Union([Cursor, Type.Null()]) },
  { additionalProperties: false },
);
export type LeasePage = Static<typeof LeasePage>;
