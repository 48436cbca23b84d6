import type { EventContext, ProcessRef } from '#protocol/history.ts';
import { signalName } from '#protocol/signals.ts';
import type { SeenBy } from './seen-by.ts';
import type { PartyCount, Tally } from './tally.ts';
import type { CommandEnd } from './traced-command.ts';

interface Party {
  /** null: the kernel, or nobody knows. */
  readonly process: ProcessRef | null;
  readonly count: number;
  readonly refused: number;
  /** How many, by name: `{"SIGKILL": 1}`. */
  readonly bySignal: Readonly<Record<string, number>>;
}

/** What a trace saw, when it is over; with --json the last line. */
export interface TraceSummary {
  readonly kind: 'summary';
  readonly seenBy: SeenBy;
  readonly startedAt: string;
  readonly endedAt: string;
  /** The command that was traced; its end is absent where it goes on. */
  readonly command?: {
    readonly pid: number;
    readonly name: string;
    readonly end?: CommandEnd;
    /** Who sent the signal that ended it, where that was seen; null: the kernel. */
    readonly endedBy?: ProcessRef | null;
  };
  readonly signals: readonly {
    readonly signal: number;
    readonly signalName: string;
    readonly count: number;
    readonly refused: number;
    readonly firstAt: string;
    readonly lastAt: string;
  }[];
  readonly senders: readonly Party[];
  readonly targets: readonly Party[];
  /** The machine at the last SIGKILL. */
  readonly contextOfLastKill?: EventContext;
  /** The signal that ended the command, where nobody saw it being sent. */
  readonly unseenEnd?: string;
  /** Events that the server lost meanwhile. */
  readonly dropped: number;
  /** The server was gone at the end: its last rows may be missing. */
  readonly isCutShort: boolean;
}

/** What a tally cannot know. */
export type TraceFacts = Pick<TraceSummary, 'seenBy' | 'startedAt' | 'endedAt' | 'command' | 'unseenEnd' | 'isCutShort'>;

/** Sums up. */
export function summaryOf(tally: Tally, facts: TraceFacts): TraceSummary {
  const context = tally.contextOfLastKill;
  return {
    kind: 'summary',
    ...facts,
    signals: tally.signals.map((count) => ({ ...count, signalName: signalName(count.signal) })),
    senders: tally.senders.map(partyOf),
    targets: tally.targets.map(partyOf),
    ...(context === undefined ? {} : { contextOfLastKill: context }),
    dropped: tally.dropped,
  };
}

function partyOf({ process, count, refused, bySignal }: PartyCount): Party {
  const named = [...bySignal].filter(([, times]) => times > 0).map(([signal, times]) => [signalName(signal), times]);
  return { process, count, refused, bySignal: Object.fromEntries(named) as Record<string, number> };
}
