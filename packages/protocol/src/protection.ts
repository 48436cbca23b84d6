import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { ProcessClaim, ProcessIdentity } from './identity.ts';
import { Cursor, LeaseId, PageRows, Pid, Signal, SubscriptionId, Timestamp } from './scalars.ts';
import { Verdict } from './verdict.ts';

/** Exactly one of `pids` and `identities`; `signal` defaults to 9. */
export const CheckParams = Type.Object(
  {
    pids: Type.Optional(Type.Array(Pid, { minItems: 1, maxItems: bounds.checkTargetsMax })),
    identities: Type.Optional(Type.Array(ProcessClaim, { minItems: 1, maxItems: bounds.checkTargetsMax })),
    signal: Type.Optional(Signal),
  },
  { additionalProperties: false },
);
export type CheckParams = Static<typeof CheckParams>;

export const CheckResult = Type.Array(Verdict);

const Generation = Type.Integer({ minimum: 0, description: 'grows at each change of the protected set, across restarts too' });

/** One protected process and what protects it: the innermost lease, an automatic rule by its name, or both. */
export const ProtectedProcess = Type.Object(
  {
    identity: ProcessIdentity,
    leaseId: Type.Optional(LeaseId),
    rule: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type ProtectedProcess = Static<typeof ProtectedProcess>;

export const SnapshotParams = Type.Object(
  { limit: Type.Optional(PageRows), cursor: Type.Optional(Cursor) },
  { additionalProperties: false },
);
export type SnapshotParams = Static<typeof SnapshotParams>;

export const Snapshot = Type.Object(
  {
    generation: Generation,
    bootId: Type.String(),
    processes: Type.Array(ProtectedProcess),
    nextCursor: Type.Union([Cursor, Type.Null()]),
  },
  { additionalProperties: false },
);
export type Snapshot = Static<typeof Snapshot>;

export const ProtectionSubscription = Type.Object(
  { subscriptionId: SubscriptionId, generation: Generation },
  { additionalProperties: false },
);
export type ProtectionSubscription = Static<typeof ProtectionSubscription>;

export const SubscriptionRef = Type.Object({ subscriptionId: SubscriptionId }, { additionalProperties: false });
export type SubscriptionRef = Static<typeof SubscriptionRef>;

/** Notification: what joined and what left. `missed`: the reader was slow, and must take a new snapshot. */
export const ProtectionChanged = Type.Object(
  {
    subscriptionId: SubscriptionId,
    generation: Generation,
    added: Type.Array(ProtectedProcess),
    removed: Type.Array(ProcessIdentity),
    missed: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ProtectionChanged = Static<typeof ProtectionChanged>;

/** Notification to the same subscribers: a tenth of a lease's `maxMs` is left. */
export const LeaseExpiring = Type.Object(
  { subscriptionId: SubscriptionId, leaseId: LeaseId, expiresAt: Timestamp },
  { additionalProperties: false },
);
export type LeaseExpiring = Static<typeof LeaseExpiring>;
