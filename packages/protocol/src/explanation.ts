import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { EventContext, OomKill, ProcessRef, SignalEvent } from './history.ts';
import { LeaseState } from './lease.ts';
import { Decimal, LeaseId, NullableText, NullableTimestamp, Pid, Signal, Timestamp } from './scalars.ts';

/** One of `pid`, `leaseId` and `last`; the handler says so where it is not. */
export const ExplainParams = Type.Object(
  {
    pid: Type.Optional(Pid),
    startTicks: Type.Optional(Decimal),
    leaseId: Type.Optional(LeaseId),
    last: Type.Optional(Type.Boolean({ description: 'the last death that was recorded' })),
  },
  { additionalProperties: false },
);
export type ExplainParams = Static<typeof ExplainParams>;

/**
 * `exited`: by itself, with a code. `signaled`: WTERMSIG, which no exit code tells. `gone`: it has ended, and how was not
 * recorded. `lost`: the machine rebooted. `unseen`: nobody has ever seen such a process.
 */
export const EndingKind = Type.Enum(['running', 'exited', 'signaled', 'gone', 'lost', 'unseen']);
export type EndingKind = Static<typeof EndingKind>;

/**
 * How it is known: `wait`: its exit status, as wait(2) tells it. `signal`: nobody survives this signal. `termination`: the
 * server that sent the signal saw it end.
 */
export const EndingSource = Type.Enum(['wait', 'signal', 'termination']);
export type EndingSource = Static<typeof EndingSource>;

export const Ending = Type.Object(
  {
    kind: EndingKind,
    at: NullableTimestamp,
    exitCode: Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()]),
    signal: Type.Union([Signal, Type.Null()]),
    signalName: NullableText,
    coreDumped: Type.Boolean(),
    source: Type.Union([EndingSource, Type.Null()]),
  },
  { additionalProperties: false },
);
export type Ending = Static<typeof Ending>;

/**
 * What ended it. `killed`: a process sent the signal. `mediated`: the server did, for a process. `self`: it did itself.
 * `senderEnd`: the end of another process, its tracer or the init of its PID namespace. `child`: it told of a child's death
 * by its exit code. `kernel`: the kernel did, and its reason is not recorded.
 */
export const CauseKind = Type.Enum([
  'killed',
  'mediated',
  'self',
  'exit',
  'child',
  'crash',
  'oom',
  'cgroupKill',
  'cpuLimit',
  'fileSizeLimit',
  'brokenPipe',
  'terminal',
  'hangup',
  'timer',
  'parentEnd',
  'senderEnd',
  'kernel',
  'reboot',
  'none',
  'unknown',
]);
export type CauseKind = Static<typeof CauseKind>;

/** What the sender is to the process. `tree`: of the same lease. */
export const Relation = Type.Enum(['self', 'parent', 'ancestor', 'child', 'tree', 'stranger']);
export type Relation = Static<typeof Relation>;

export const Cause = Type.Object(
  {
    kind: CauseKind,
    /** False where it is only likely: `unknown` says why. */
    certain: Type.Boolean(),
    /** Who did it; for a kill through the server whoever asked for it. */
    by: Type.Union([ProcessRef, Type.Null()]),
    relation: Type.Union([Relation, Type.Null()]),
    /** The row of history that decided; for an exit the signal that came before it and asked for it. */
    event: Type.Union([SignalEvent, Type.Null()]),
    /** It handled the signal, and then ended itself with the same: as shells and Python do. */
    reraised: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type Cause = Static<typeof Cause>;

/**
 * What became of the protection. `held`: tries were refused, and nothing forbidden got by. `idle`: nothing was tried.
 * `bypassed`: a forbidden signal came from somebody who did not ask. `overridden`: its owner or root passed over it.
 * `ownTree`: a job may end itself. `passed`: the guard lets init, and unless the lease is strict ancestors and their helpers,
 * through. `audited`: the guard would have refused it, and only audits. `unguarded`: the lease has more processes than its owner
 * may have guarded. `beyond`: no lease keeps the kernel from this.
 * `over`: the lease had ended before.
 */
export const LeaseEffect = Type.Enum([
  'held',
  'idle',
  'bypassed',
  'overridden',
  'ownTree',
  'passed',
  'audited',
  'unguarded',
  'notForbidden',
  'beyond',
  'over',
  'lost',
]);
export type LeaseEffect = Static<typeof LeaseEffect>;

export const CoveringLease = Type.Object(
  {
    id: LeaseId,
    label: NullableText,
    state: LeaseState,
    guard: Type.Boolean(),
    grantedAt: Timestamp,
    endedAt: NullableTimestamp,
    effect: LeaseEffect,
    /** The wrapper of its command went first: when, and how in words. */
    orphaned: Type.Optional(Type.Object({ at: Timestamp, reason: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type CoveringLease = Static<typeof CoveringLease>;

/** Something that nobody can tell, why, and what would change that for the next time. */
export const Unknown = Type.Object(
  { what: Type.String(), why: Type.String(), fix: Type.Optional(Type.String()) },
  { additionalProperties: false },
);
export type Unknown = Static<typeof Unknown>;

/** Another process that had the pid. */
export const OtherHolder = Type.Object(
  { startTicks: Decimal, comm: Type.String(), lastAt: Timestamp },
  { additionalProperties: false },
);
export type OtherHolder = Static<typeof OtherHolder>;

/** How a process ended, and why. The first sentence is `answer`; everything else is what it rests on. */
export const Explanation = Type.Object(
  {
    pid: Type.Union([Pid, Type.Null()]),
    process: Type.Union([ProcessRef, Type.Null()]),
    answer: Type.String(),
    ending: Ending,
    cause: Cause,
    /** For the cause `child`: how the child died. */
    child: Type.Optional(Type.Object({ process: ProcessRef, ending: Ending, cause: Cause }, { additionalProperties: false })),
    oom: Type.Optional(OomKill),
    /** Signals before that, oldest first: the last of them. */
    before: Type.Array(SignalEvent, { maxItems: bounds.explainedSignalsMax }),
    refused: Type.Object(
      {
        count: Type.Integer({ minimum: 0 }),
        /** The last of them, oldest first. */
        events: Type.Array(SignalEvent, { maxItems: bounds.explainedSignalsMax }),
      },
      { additionalProperties: false },
    ),
    /** The innermost lease that covered it. */
    lease: Type.Union([CoveringLease, Type.Null()]),
    /** Memory, swap and pressure then. */
    context: Type.Union([EventContext, Type.Null()]),
    unknown: Type.Array(Unknown),
    /** Other processes that had the pid, the last first. */
    others: Type.Array(OtherHolder, { maxItems: bounds.explainedHoldersMax }),
  },
  { additionalProperties: false },
);
export type Explanation = Static<typeof Explanation>;
