import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SystemCallError } from '../errno.ts';
import type { KernelSide } from './kernel-side.ts';
import { libbpf, pointed, type Pointer } from './libbpf.ts';

/** Before Linux 6.4 the log keeps its beginning and not its end: it must be held whole. */
const LOG_BYTES = 4 * 2 ** 20;

/** The committed object; a bundle has its copy. */
export const objectFile: string = fileURLToPath(new URL('../../bpf/sentinel.bpf.o', import.meta.url));

/** A BPF object file with its programs and maps (libbpf). All that it attached goes with it, and with the process. */
export class BpfObject implements KernelSide {
  readonly #pointer: Pointer;
  readonly #links = new Map<string, Pointer>();
  readonly #logs = new Map<string, Buffer>();
  #open = true;

  /**
   * Reads the object; nothing is in the kernel before `load`.
   * @throws the error of open(2) where the file cannot be read
   * @throws SystemCallError where it is no BPF object
   */
  constructor(file: string = objectFile) {
    const image = readFileSync(file);
    const opened = pointed(libbpf().open(image, image.length, null));
    if ('errno' in opened) throw new SystemCallError('bpf_object__open', opened.errno, file);
    this.#pointer = opened.pointer;
  }

  /** Leaves a program out of `load`. */
  skip(name: string): void {
    libbpf().setAutoload(this.#program(name), false);
  }

  /** Has the verifier's log kept, should this program be refused. */
  keepLog(name: string): void {
    const log = Buffer.alloc(LOG_BYTES);
    this.#logs.set(name, log);
    libbpf().setLog(this.#program(name), log, log.length);
  }

  /** The verifier's last line of a program that it refused; empty where it said nothing. */
  logOf(name: string): string {
    const log = this.#logs.get(name);
    const text = log?.toString('latin1', 0, Math.max(0, log.indexOf(0))) ?? '';
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('processed '));
    return lines.at(-1) ?? '';
  }

  /** Sets a map's size before `load`. */
  setMaxEntries(map: string, entries: number): void {
    const outcome = libbpf().setMaxEntries(this.#map(map), entries);
    if (outcome < 0) throw new SystemCallError('bpf_map__set_max_entries', -outcome, map);
  }

  /** Makes the maps and loads the programs: all that are not skipped, or none. @returns 0 or -errno */
  load(): number {
    return libbpf().load(this.#pointer);
  }

  /** Attaches a loaded program, until it is detached or the object closed. @returns 0 or -errno */
  attach(name: string): number {
    const attached = pointed(libbpf().attach(this.#program(name)));
    if ('errno' in attached) return -attached.errno;
    this.#links.set(name, attached.pointer);
    return 0;
  }

  /** The descriptor of a map; it lives as long as the object. */
  mapFd(name: string): number {
    const fd = libbpf().mapFd(this.#map(name));
    if (fd < 0) throw new SystemCallError('bpf_map__fd', -fd, name);
    return fd;
  }

  /** The programs that are attached, each with the descriptor of its link. */
  get links(): ReadonlyMap<string, number> {
    return new Map([...this.#links].map(([name, link]) => [name, libbpf().linkFd(link)]));
  }

  /** Detaches a program, where it is attached. */
  detach(name: string): void {
    const link = this.#links.get(name);
    if (link === undefined) return;
    this.#links.delete(name);
    libbpf().destroyLink(link);
  }

  /** Detaches every program; the maps stay. */
  detachAll(): void {
    for (const name of this.#links.keys()) this.detach(name);
  }

  /** Idempotent. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.detachAll();
    libbpf().closeObject(this.#pointer);
  }

  #program(name: string): Pointer {
    return found(libbpf().program(this.#pointer, name), name);
  }

  #map(name: string): Pointer {
    return found(libbpf().map(this.#pointer, name), name);
  }
}

/** The object and this code are of one build: what it lacks is a mistake of ours. */
function found(pointer: Pointer | null, name: string): Pointer {
  const outcome = pointed(pointer);
  if ('errno' in outcome) throw new Error(`the BPF object has no ${name}`);
  return outcome.pointer;
}
