import type { Logger } from 'pino';
import type { DroppedSeen, ExitSeen, SignalSeen } from '#linux/sentinel/events.ts';
import { openPidfd } from '#linux/pidfd.ts';
import { readParent } from '#linux/proc-stat.ts';
import { guardPrograms, optionalPrograms } from '#linux/sentinel/programs.ts';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SentinelUnavailable } from '#linux/sentinel/unavailable.ts';
import type { Absence } from '../absence.ts';
import { isWorthARow } from '../exit-worth.ts';
import type { GuardConfig } from '../guard-policy.ts';
import { machine, monotonicNs } from '../machine.ts';
import type { Registry } from '../registry.ts';
import { exchangeServer } from '../store/meta.ts';
import { serverEvent } from '../store/server-event.ts';
import type { Store } from '../store/store.ts';
import { Execs } from './execs.ts';
import { exitEvent } from './exits.ts';
import { Joins } from './joins.ts';
import { KernelMarks } from './kernel-marks.ts';
import { OomLog } from './oom-log.ts';
import { SignalRecorder, wallMsOf, type Before } from './signal-recorder.ts';
import { UnguardedRecorder } from './unguarded.ts';

/** How long the kernel's word of a fork or an exit may be on its way, milliseconds. */
const settleMs = 25;

/** The kernel ends a guard by itself ten minutes after this. */
const refreshMs = 180_000;

/** The kernel's observer, at work for the server: what it sees becomes rows, what it marks becomes members. */
export class SentinelBridge {
  readonly marks: KernelMarks;
  /** Why there is no guard; undefined where there is one. */
  readonly guardAbsence: Absence | undefined;
  readonly #sentinel: Sentinel;
  readonly #refresh: NodeJS.Timeout;
  readonly #oomLog = new OomLog();
  readonly #unguarded: UnguardedRecorder;
  #joins: Joins | undefined;
  #execs: Execs | undefined;
  #readTo = -1;

  constructor(sentinel: Sentinel, guard: GuardConfig, ruleUids: ReadonlySet<number>, unguarded: UnguardedRecorder) {
    this.#sentinel = sentinel;
    this.guardAbsence = whyNoGuard(sentinel, guard);
    const mode = this.guardAbsence === undefined ? guard.mode : 'off';
    this.marks = new KernelMarks(sentinel, { ...guard, mode, ruleUids }, (one) => {
      unguarded.note(one);
    });
    this.#unguarded = unguarded;
    if (mode !== 'off') markOneself(sentinel);
    this.#refresh = setInterval(() => {
      this.marks.refresh();
    }, refreshMs).unref();
  }

  /** Does it go on where an earlier server was ended? */
  get adopted(): boolean {
    return this.#sentinel.adopted;
  }

  /** Begins to record, and to take in members. */
  connect(registry: Registry, store: Store, log: Logger): void {
    const leaseOf = (seen: SignalSeen): ReturnType<KernelMarks['leaseOf']> =>
      this.marks.leaseOf(seen.leaseNumber) ?? registry.table.members.known(seen.target.pid)?.leases[0];
    const before = this.#before(store);
    const recorder = new SignalRecorder(store, this.#oomLog, leaseOf, before);
    const lookAgain = (): void => {
      registry.table.membership.markMissed();
      registry.treeGrew();
    };
    const joins = new Joins(
      (join) => {
        registry.forks.admit(join);
      },
      (error) => {
        log.error({ err: error }, 'what was forked could not be looked at');
        lookAgain();
      },
    );
    this.#joins = joins;
    const execs = new Execs(registry.rules, machine, log);
    this.#execs = execs;
    this.#sentinel.onExecs((batch) => {
      execs.seen(batch);
    });
    this.#sentinel.onSignals((batch) => {
      recorder.record(batch);
    });
    this.#sentinel.onOomKills((batch) => {
      for (const seen of batch) recorder.recordOom(seen);
    });
    this.#sentinel.onJoins((batch) => {
      joins.seen(batch);
    });
    this.#sentinel.onExits((batch) => {
      joins.gone(batch);
      this.#recordExits(batch, store, before);
    });
    this.#sentinel.onRead((position) => {
      this.#releaseOnceWritten(position, store);
    });
    this.#sentinel.onDropped((dropped) => {
      log.warn(
        { dropped: { ...dropped, firstNs: String(dropped.firstNs), lastNs: String(dropped.lastNs) } },
        'the kernel dropped events',
      );
      if (dropped.where === 'marks' || dropped.where === 'joins') lookAgain();
      store.noteDropped(dropped.count);
      store.recordLater(droppedEvent(dropped));
    });
  }

  /** An earlier server's ring may hold what it has written already. */
  #before(store: Store): Before | undefined {
    const startTicks = readParent(process.pid)?.startTicks ?? '';
    const server = exchangeServer(store.database, { pid: process.pid, startTicks });
    return this.#sentinel.adopted ? { untilNs: monotonicNs(), server } : undefined;
  }

  /** Where the server is killed before that, the next one reads it again. */
  #releaseOnceWritten(position: number, store: Store): void {
    if (position === this.#readTo) return;
    this.#readTo = position;
    store.writeLater(() => undefined, {
      onWritten: () => {
        this.#sentinel.release(position);
      },
    });
  }

  /** Every lease that goes on is known: whatever the kernel has beside them is over. Begins to read. */
  recovered(): void {
    this.marks.endUnknown();
    this.#sentinel.removeOthersPins();
    this.#sentinel.begin();
  }

  #recordExits(batch: readonly ExitSeen[], store: Store, before: Before | undefined): void {
    for (const seen of batch) {
      const lease = this.marks.leaseOf(seen.leaseNumber);
      if (!isWorthARow(seen, lease)) continue;
      const event = exitEvent(seen, lease);
      const isOld = before !== undefined && seen.timeNs < before.untilNs;
      store.writeLater(() => {
        if (isOld && store.seenAt(seen.pid, seen.timeNs, seen.signal) !== undefined) return;
        store.tellWhenCommitted(store.insertEvent(event));
      });
    }
  }

  /** Resolves when what the kernel saw until now has been taken in. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    await this.#joins?.settle();
  }

  /** Tells the last counts, and takes every mark and program out of the kernel. */
  async close(): Promise<void> {
    clearInterval(this.#refresh);
    await this.#sentinel.close();
    this.#joins?.close();
    this.#oomLog[Symbol.dispose]();
    this.#execs?.close();
    this.#unguarded.close();
  }
}

/**
 * Loads the sentinel, where it can be had: the server does its work without it too.
 *
 * @param ruleUids users whose processes a rule guards, where there is a guard
 * @param pinFolder where marks, guard and ring outlive a crash of the server; undefined: they do not
 * @returns why not, where not
 */
export function openBridge(
  guard: GuardConfig,
  ruleUids: ReadonlySet<number>,
  pinFolder: string | undefined,
  log: Logger,
  store: Store,
): SentinelBridge | Absence {
  try {
    const sentinel = Sentinel.open({ guard: guard.mode !== 'off', ...(pinFolder === undefined ? {} : { pinFolder }) });
    if (sentinel.pinFailure !== undefined)
      log.warn({ err: sentinel.pinFailure }, 'nothing is pinned: it ends with this server');
    if (sentinel.adopted) log.info({ pinFolder }, 'goes on with what the server before left in the kernel');
    const missing = sentinel.programs.filter(({ name, attached }) => !attached && optionalPrograms.some((one) => one === name));
    if (missing.length > 0) log.warn({ missing }, 'parts of the sentinel could not be attached');
    return new SentinelBridge(sentinel, guard, ruleUids, new UnguardedRecorder(store, log, guard.processesPerUidMax));
  } catch (error) {
    if (!(error instanceof SentinelUnavailable)) throw error;
    log.info({ why: error.reason, fix: error.fix }, 'no sentinel');
    return { why: error.reason, fix: error.fix };
  }
}

/** The guard lets a process with this mark through: it acts for who has the right to override. */
function markOneself(sentinel: Sentinel): void {
  using own = openPidfd(process.pid);
  if (own === undefined || !sentinel.markServer(own.fd)) throw new Error('the guard cannot be told who the server is');
}

function whyNoGuard(sentinel: Sentinel, { mode }: GuardConfig): Absence | undefined {
  if (mode === 'off')
    return { why: 'the configuration switches it off', fix: 'set mode = "enforce" under [guard] in omnid.toml' };
  if (sentinel.guardAvailable) return undefined;
  const missing = sentinel.programs.find(({ name, attached }) => !attached && guardPrograms.some((one) => one === name));
  return {
    why: missing?.why ?? 'its programs are not attached',
    fix: 'boot with bpf in the lsm= list, on a kernel with CONFIG_BPF_LSM',
  };
}

function droppedEvent(dropped: DroppedSeen): ReturnType<typeof serverEvent> {
  const span = [dropped.firstNs, dropped.lastNs].map((ns) => new Date(wallMsOf(ns)).toISOString()).join(' to ');
  return serverEvent('dropped', dropped.count, `${dropped.where} of ${span}: they came faster than they could be taken`);
}
