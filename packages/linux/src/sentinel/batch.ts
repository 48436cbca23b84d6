import { decodeExec, decodeExit, decodeJoin, decodeOomKill } from './decode-life.ts';
import { decodeSignal, tallyKeyOf, type SignalRecord } from './decode-signal.ts';
import type { ExecEvent, ExitSeen, JoinSeen, OomKillSeen } from './events.ts';
import { layouts } from './layout.ts';

// enum event_kind, bpf/events.h
const SIGNAL = 1;
const EXIT = 2;
const OOM = 3;
const JOIN = 4;
const EXEC = 5;

/** A signal with the key that the kernel counts its repeats by. */
export interface KeyedSignal {
  readonly record: SignalRecord;
  readonly key: Uint8Array;
}

/** What one look into the ring has found, by kind, oldest first. */
export class Batch {
  readonly signals: KeyedSignal[] = [];
  readonly exits: ExitSeen[] = [];
  readonly oomKills: OomKillSeen[] = [];
  readonly joins: JoinSeen[] = [];
  readonly execs: ExecEvent[] = [];

  /** Is there anything in it that is lost where nobody keeps it? */
  get isWorthKeeping(): boolean {
    return this.signals.length + this.exits.length + this.oomKills.length + this.joins.length > 0;
  }

  /** Decodes a record; its first member tells what it is (layouts share that offset). */
  add(view: DataView, at: number): void {
    switch (view.getUint32(at + layouts.signal_event.members.kind, true)) {
      case SIGNAL:
        this.signals.push({ record: decodeSignal(view, at), key: tallyKeyOf(view, at) });
        break;
      case EXIT:
        this.exits.push(decodeExit(view, at));
        break;
      case OOM:
        this.oomKills.push(decodeOomKill(view, at));
        break;
      case JOIN:
        this.joins.push(decodeJoin(view, at));
        break;
      case EXEC:
        this.execs.push(decodeExec(view, at));
        break;
      default:
    }
  }
}
