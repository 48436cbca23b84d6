import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';

/** How often it is looked who belongs to the tree: a child that is orphaned between two looks is told by its ancestry alone. */
const lookMs = 250;

/** What is asked of a process in a row. */
type Who = Pick<ProcessRef, 'pid' | 'startTicks' | 'ancestry'>;

/** The processes of a traced command. One that was seen in the tree stays in it, re-parented or not. */
export class CommandTree implements Disposable {
  /** Pid of the command. */
  readonly root: number;
  readonly #startTicks = new Map<number, string>();
  readonly #timer: NodeJS.Timeout;

  /** @param root pid of the command */
  constructor(root: number) {
    this.root = root;
    this.look();
    this.#timer = setInterval(() => {
      this.look();
    }, lookMs).unref();
  }

  /** Is the row about the tree: a signal to one of it, or from one of it? */
  isConcerned({ sender, requester, target }: SignalEvent): boolean {
    // All of them: each may tell of a process that was not seen before.
    return [target, sender, requester].filter((who) => who !== null && who !== undefined && this.has(who)).length > 0;
  }

  /** Does the process belong to the tree? */
  has({ pid, startTicks, ancestry }: Who): boolean {
    const known = this.#startTicks.get(pid);
    if (pid === this.root || (known !== undefined && (startTicks === undefined || startTicks === known))) return true;
    if (!ancestry.some((ancestor) => ancestor.pid === this.root)) return false;
    if (startTicks !== undefined) this.#startTicks.set(pid, startTicks);
    return true;
  }

  /** Takes in who is there now. */
  look(): void {
    const waiting = [this.root, ...this.#startTicks.keys()];
    const looked = new Set<number>();
    for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
      if (looked.has(pid)) continue;
      looked.add(pid);
      const startTicks = readStartTicks(pid);
      const known = this.#startTicks.get(pid);
      // Its pid belongs to another by now, whose children are none of ours.
      if (startTicks === undefined || (known !== undefined && known !== startTicks)) continue;
      this.#startTicks.set(pid, startTicks);
      waiting.push(...childrenOf(pid));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Field 22 of /proc/PID/stat; undefined where the process is gone. */
function readStartTicks(pid: number): string | undefined {
  const stat = read(`/proc/${String(pid)}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${String(pid)}/task`;
  try {
    return readdirSync(tasks).flatMap((tid) => read(`${tasks}/${tid}/children`).split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
