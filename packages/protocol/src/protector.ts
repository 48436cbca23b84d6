import { Type, type Static } from 'typebox';
import { Decimal, LeaseId, Milliseconds, Pid, Timestamp } from './scalars.ts';

/** `observe` plans and tells, and touches nothing; `test`, `dev` and `prod` are sets of limits. */
export const ProtectorMode = Type.Enum(['off', 'observe', 'test', 'dev', 'prod']);
export type ProtectorMode = Static<typeof ProtectorMode>;

const Bytes = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0 });
const NullableShare = Type.Union([Share, Type.Null()]);

/** What the machine needs: `well`, then a rung of the ladder each, and what made it. */
export const ProtectorNeed = Type.Object(
  {
    level: Type.Enum(['well', 'tell', 'throttle', 'end', 'kill']),
    cause: Type.Enum(['none', 'forecast', 'memory', 'stall']),
    /** When memory and swap are used up if all goes on as it does; null: that is not to be foreseen. */
    exhaustedInMs: Type.Union([Milliseconds, Type.Null()]),
  },
  { additionalProperties: false },
);
export type ProtectorNeed = Static<typeof ProtectorNeed>;

const suspect = {
  pid: Pid,
  startTicks: Decimal,
  comm: Type.String(),
  /** Resident memory, and what it has in the swap. */
  bytes: Bytes,
  /** Shared pages counted in parts; where it could be read and is cheap. */
  pssBytes: Type.Optional(Bytes),
  /** What of it came since the machine was well. */
  grownBytes: Bytes,
  growthBytesPerSecond: Bytes,
  /** 1 is one core. */
  cpuShare: Share,
  /** What speaks against it: it grows now, it has grown since the machine was well, it is large. */
  guilt: Type.Enum(['growing', 'grown', 'large']),
};

export const ProtectorSuspect = Type.Object(suspect, { additionalProperties: false });
export type ProtectorSuspect = Static<typeof ProtectorSuspect>;

/** Why a process is no victim; programs branch on it. */
export const ExemptionRule = Type.Enum([
  'systemProcess',
  'gone',
  'outsideScope',
  'notACandidate',
  'critical',
  'loginSession',
  'lease',
  'protectionRule',
  'stuck',
  'lessGuilty',
]);

export const ProtectorPlan = Type.Object(
  {
    takenAt: Timestamp,
    mode: ProtectorMode,
    acting: Type.Boolean(),
    need: ProtectorNeed,
    /** Would the victims be signalled as things are, were the protector acting? */
    wouldEnd: Type.Boolean(),
    /** The same in words. */
    why: Type.String(),
    /** Whom it would pick now: one, or a process group; empty where there is none. */
    victims: Type.Array(ProtectorSuspect),
    /** The next ones, and why each is passed over. */
    passedOver: Type.Array(
      Type.Object(
        { ...suspect, rule: ExemptionRule, why: Type.String(), leaseId: Type.Optional(LeaseId) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type ProtectorPlan = Static<typeof ProtectorPlan>;

const Survival = Type.Object({ done: Type.Boolean(), why: Type.Optional(Type.String()) }, { additionalProperties: false });

export const ProtectorStatus = Type.Object(
  {
    mode: ProtectorMode,
    acting: Type.Boolean(),
    /** Whose limits it plans by. */
    limitsMode: Type.Enum(['test', 'dev', 'prod']),
    limits: Type.Object(
      {
        cpuPercent: Share,
        memoryPercent: Share,
        hogCpuPercent: Share,
        startGraceMs: Milliseconds,
        preferNiceOverKill: Type.Boolean(),
        processBytesMax: Bytes,
        diskPercent: Share,
        groupProcessesMax: Type.Integer({ minimum: 1 }),
      },
      { additionalProperties: false },
    ),
    need: ProtectorNeed,
    machine: Type.Object(
      {
        memTotalBytes: Bytes,
        memAvailableBytes: Bytes,
        swapTotalBytes: Bytes,
        swapFreeBytes: Bytes,
        /** How fast memory and swap go. */
        fallBytesPerSecond: Bytes,
        cpuBusyShare: Share,
        /** Shares of the last second in which some, or all, tasks waited; null without PSI. */
        cpuWaitShare: NullableShare,
        memorySomeShare: NullableShare,
        memoryFullShare: NullableShare,
        ioFullShare: NullableShare,
      },
      { additionalProperties: false },
    ),
    /** Processes of the last look, what it cost, and when the next ones are due after the last. */
    looks: Type.Object(
      { processes: Type.Integer({ minimum: 0 }), processCostMs: Share, processIntervalMs: Share, machineIntervalMs: Share },
      { additionalProperties: false },
    ),
    /** Who grows fastest. */
    growing: Type.Array(ProtectorSuspect),
    /** Processes that were slowed and are still. */
    throttled: Type.Array(
      Type.Object({ pid: Pid, comm: Type.String(), how: Type.Array(Type.String()) }, { additionalProperties: false }),
    ),
    /** Who was asked to end, or killed, and has not exited yet. */
    victim: Type.Union([
      Type.Object({ pid: Pid, comm: Type.String(), signal: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
      Type.Null(),
    ]),
    /** Signals sent and processes that ended by them, since the start. */
    signalsSent: Type.Integer({ minimum: 0 }),
    victimsEnded: Type.Integer({ minimum: 0 }),
    /** What the protected set holds, and may. */
    budget: Type.Object({ usedBytes: Bytes, maxBytes: Bytes }, { additionalProperties: false }),
    /** Members of leases that the kernel's OOM killer passes over by our word. */
    shielded: Type.Integer({ minimum: 0 }),
    survival: Type.Object({ programLock: Survival, oomScore: Survival }, { additionalProperties: false }),
    /** Ticks that came late: the server was held up itself. */
    lateTicks: Type.Object({ count: Type.Integer({ minimum: 0 }), worstMs: Share }, { additionalProperties: false }),
    /** Candidates are restricted to processes that carry these variables; their values are not told. */
    onlyEnvironment: Type.Array(Type.String()),
  },
  { additionalProperties: false },
);
export type ProtectorStatus = Static<typeof ProtectorStatus>;

export const SetModeParams = Type.Object({ mode: ProtectorMode }, { additionalProperties: false });
export type SetModeParams = Static<typeof SetModeParams>;
