import type { BpfMap } from './bpf-map.ts';
import type { TaskSeen } from './events.ts';
import { layouts } from './layout.ts';

/** ARGS_BYTES, bpf/events.h. */
const ARGS_BYTES = 512;

const key = layouts.process_key;
const seen = layouts.exec_seen.members;
const littleEndian = true;

/** How a process was called at its exec. */
export interface ExecSeen {
  /** The arguments, joined by spaces. */
  readonly cmdline: string;
  /** Were there more than what was kept? */
  readonly cut: boolean;
  /** The program's path (of a script: its interpreter's) as it was called, links and all, where that was an absolute one. */
  readonly exe?: string;
}

/** What the kernel side keeps of the last few thousand programs that were started, for when they are gone. */
export class ExecMemory {
  readonly #map: BpfMap;
  readonly #key = new DataView(new ArrayBuffer(key.size));
  readonly #keyBytes = new Uint8Array(this.#key.buffer);

  /** @param map of struct exec_seen by struct process_key */
  constructor(map: BpfMap) {
    this.#map = map;
  }

  /** @returns undefined where the process has not called exec since the sentinel is there, or long ago */
  find({ pid, startNs }: Pick<TaskSeen, 'pid' | 'startNs'>): ExecSeen | undefined {
    this.#key.setBigUint64(key.members.start_ns, startNs, littleEndian);
    this.#key.setUint32(key.members.tgid, pid, littleEndian);
    const value = this.#map.lookup(this.#keyBytes);
    return value === undefined ? undefined : decode(Buffer.from(value.buffer, value.byteOffset, value.length));
  }
}

function decode(value: Buffer): ExecSeen {
  const bytes = value.readUInt32LE(seen.args_bytes);
  const args = value.toString('utf8', seen.args, seen.args + bytes);
  // Its length counts the NUL behind it.
  const path = value.toString('utf8', seen.path, seen.path + Math.max(0, value.readUInt32LE(seen.path_bytes) - 1));
  const called = { cmdline: args.replace(/\0+$/, '').replaceAll('\0', ' '), cut: bytes === ARGS_BYTES };
  return path.startsWith('/') ? { ...called, exe: path } : called;
}
