import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { Cursor, Decimal, LeaseId, NullableText, PageRows, Pid, Signal, SubscriptionId, Timestamp, Uid } from './scalars.ts';

/** A process as it was when the event happened. Members that the reader has no right to see are left out. */
export const ProcessRef = Type.Object(
  {
    pid: Type.Integer({ minimum: 0 }),
    tid: Type.Optional(Pid),
    startTicks: Type.Optional(Decimal),
    uid: Uid,
    comm: Type.String(),
    exe: Type.Optional(Type.String()),
    cmdline: Type.Optional(Type.String()),
    cgroup: Type.Optional(Type.String()),
    ancestry: Type.Array(
      Type.Object({ pid: Type.Integer({ minimum: 0 }), comm: Type.String() }, { additionalProperties: false }),
      { maxItems: bounds.ancestryLevelsMax },
    ),
  },
  { additionalProperties: false },
);
export type ProcessRef = Static<typeof ProcessRef>;

const NullableBytes = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const NullablePercent = Type.Union([Type.Number({ minimum: 0 }), Type.Null()]);

/** The machine at that moment. */
export const EventContext = Type.Object(
  {
    memAvailableBytes: NullableBytes,
    memTotalBytes: NullableBytes,
    swapFreeBytes: NullableBytes,
    psiMemorySomeAvg10: NullablePercent,
    psiMemoryFullAvg10: NullablePercent,
  },
  { additionalProperties: false },
);
export type EventContext = Static<typeof EventContext>;

/**
 * Who wrote the row: the kernel's observer, a kill through the server, a lease's transition, the server about its own
 * history, the pidfd by which the server holds a covered process, or the resource protector.
 */
export const EventSource = Type.Enum(['sentinel', 'mediated', 'lease', 'server', 'pidfd', 'protector']);
export type EventSource = Static<typeof EventSource>;

/**
 * `intended`: written before the signal; stays where the server died in between. `audited`: the guard would have refused it. For leases the state reached
 * (or `granted`, `renewed` for new terms, `orphaned` where the wrapper of a command is gone before it, `unguarded` where `count` of
 * its processes have no guard); for the history itself `pruned` and `dropped`; for the resource
 * protector `told`, `planned` (what it would have done, were it acting), `throttled` and `restored`, besides its signals.
 */
export const EventOutcome = Type.Enum([
  'intended',
  'delivered',
  'ignored',
  'pending',
  'denied',
  'audited',
  'failed',
  'granted',
  'renewed',
  'released',
  'expired',
  'exited',
  'revoked',
  'lost',
  'orphaned',
  'unguarded',
  'pruned',
  'dropped',
  'told',
  'planned',
  'throttled',
  'restored',
]);
export type EventOutcome = Static<typeof EventOutcome>;

/** How the target of a mediated kill ended. */
export const TerminationOutcome = Type.Enum(['exited', 'killed', 'denied', 'survived']);
export type TerminationOutcome = Static<typeof TerminationOutcome>;

/**
 * How the signal was sent: kill(2)'s `si_code` in words. `implied`: the kernel sent it for what the sender did otherwise
 * than by a signal: cgroup.kill, its own end (PR_SET_PDEATHSIG), a write to a pipe that nobody reads.
 */
export const SignalCode = Type.Enum(['user', 'kernel', 'tkill', 'queue', 'pidfd', 'implied']);
export type SignalCode = Static<typeof SignalCode>;

const Bytes = Type.Integer({ minimum: 0 });

/** What the OOM killer's victim held, and who asked for memory then. The numbers are absent where the kernel tells none. */
export const OomKill = Type.Object(
  {
    allocator: Type.Object({ pid: Type.Integer({ minimum: 0 }), comm: Type.String() }, { additionalProperties: false }),
    /** What was out of memory: the machine, or a cgroup with a limit. Absent where the kernel's log cannot be read. */
    scope: Type.Optional(Type.Enum(['machine', 'cgroup', 'nodes'])),
    /** The cgroup whose limit was reached. */
    cgroup: Type.Optional(Type.String()),
    limitBytes: Type.Optional(Bytes),
    virtualBytes: Type.Optional(Bytes),
    anonBytes: Type.Optional(Bytes),
    fileBytes: Type.Optional(Bytes),
    shmemBytes: Type.Optional(Bytes),
    swapBytes: Type.Optional(Bytes),
    pageTableBytes: Type.Optional(Bytes),
  },
  { additionalProperties: false },
);
export type OomKill = Static<typeof OomKill>;

/** What the kernel's observer knows of a signal that the kernel sent by itself. */
export const KernelFacts = Type.Object(
  {
    /** The limit of CPU time (RLIMIT_CPU) that the target reached. */
    cpuLimitSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
    /** The sender was on its way out: its end sent the signal. */
    senderExiting: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type KernelFacts = Static<typeof KernelFacts>;

/** How a covered process ended, as wait(2) tells it: one of the two is null. */
export const ProcessExit = Type.Object(
  {
    code: Type.Union([Type.Integer({ minimum: 0, maximum: 255 }), Type.Null()]),
    signal: Type.Union([Signal, Type.Null()]),
    coreDumped: Type.Boolean(),
    /** For a SIGKILL without the sentinel: the OOM killer killed in its cgroup just then. */
    oomLikely: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ProcessExit = Static<typeof ProcessExit>;

export const SignalEvent = Type.Object(
  {
    id: Type.Integer({ minimum: 1 }),
    firstAt: Timestamp,
    lastAt: Timestamp,
    monotonicNs: Decimal,
    source: EventSource,
    signal: Type.Union([Signal, Type.Null()]),
    signalName: NullableText,
    code: Type.Union([SignalCode, Type.Null()]),
    outcome: EventOutcome,
    count: Type.Integer({ minimum: 1 }),
    sender: Type.Union([ProcessRef, Type.Null()]),
    target: Type.Union([ProcessRef, Type.Null()]),
    leaseId: Type.Optional(LeaseId),
    requester: Type.Optional(ProcessRef),
    reason: Type.Optional(Type.String()),
    /** For a mediated kill that is over: how its target ended. */
    termination: Type.Optional(TerminationOutcome),
    override: Type.Optional(Type.Boolean()),
    /** For a SIGKILL of the kernel's: the OOM killer sent it. */
    oom: Type.Optional(OomKill),
    kernel: Type.Optional(KernelFacts),
    /** For the exit of a covered process. */
    exit: Type.Optional(ProcessExit),
    context: EventContext,
  },
  { additionalProperties: false },
);
export type SignalEvent = Static<typeof SignalEvent>;

const PidOrComm = Type.Union([Pid, Type.String({ minLength: 1, maxLength: 64 })], {
  description: 'a pid (number), or a comm (text; exact)',
});

const filters = {
  signal: Type.Optional(Signal),
  pid: Type.Optional(Pid),
  sender: Type.Optional(PidOrComm),
  target: Type.Optional(PidOrComm),
  leaseId: Type.Optional(LeaseId),
  outcome: Type.Optional(EventOutcome),
  source: Type.Optional(EventSource),
};

export const HistoryFilter = Type.Object(filters, { additionalProperties: false });
export type HistoryFilter = Static<typeof HistoryFilter>;

export const HistoryQueryParams = Type.Object(
  {
    ...filters,
    since: Type.Optional(Timestamp),
    until: Type.Optional(Timestamp),
    order: Type.Optional(Type.Enum(['newest', 'oldest'], { description: 'default: newest' })),
    limit: Type.Optional(PageRows),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);
export type HistoryQueryParams = Static<typeof HistoryQueryParams>;

export const HistoryPage = Type.Object(
  { events: Type.Array(SignalEvent), nextCursor: Type.Union([Cursor, Type.Null()]) },
  { additionalProperties: false },
);
export type HistoryPage = Static<typeof HistoryPage>;

export const HistorySubscription = Type.Object({ subscriptionId: SubscriptionId }, { additionalProperties: false });
export type HistorySubscription = Static<typeof HistorySubscription>;

/** Notification: one committed event; an event that is told again (same id) has changed. */
export const HistoryNotice = Type.Object(
  {
    subscriptionId: SubscriptionId,
    event: SignalEvent,
  },
  { additionalProperties: false },
);
export type HistoryNotice = Static<typeof HistoryNotice>;

/** Notification: the reader was slow; `count` notices between these ids were left out. `history.query` has the rows. */
export const HistoryMissed = Type.Object(
  {
    subscriptionId: SubscriptionId,
    count: Type.Integer({ minimum: 1 }),
    fromId: Type.Integer({ minimum: 1 }),
    toId: Type.Integer({ minimum: 1 }),
  },
  { additionalProperties: false },
);
export type HistoryMissed = Static<typeof HistoryMissed>;
