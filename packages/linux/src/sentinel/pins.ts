import { existsSync, mkdirSync, readdirSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasCode, SystemCallError } from '../errno.ts';
import { libbpf } from './libbpf.ts';

/** BPF_FS_MAGIC, include/uapi/linux/magic.h. */
const BPF_FS_MAGIC = 0xcafe4a11;
/** Its presence says that all that belongs here was pinned. */
const COMPLETE = 'complete';

/**
 * A folder of bpffs, in which maps and links outlive the process that made them (bpf(2), BPF_OBJ_PIN). Names beginning
 * with `map_` and `link_` are maps and links; one map under another name more, pinned last, says that nothing is missing.
 */
export class Pins {
  readonly folder: string;

  /** @param folder below a mounted bpffs; it need not be there yet */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** Was everything pinned that whoever made this wanted to? */
  get complete(): boolean {
    return existsSync(join(this.folder, COMPLETE));
  }

  /** The programs whose links are here. */
  get links(): string[] {
    return this.#names('link_');
  }

  /** Makes the folder, for root alone. @throws the error of mkdir(2) */
  make(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** @throws SystemCallError EEXIST, EPERM */
  pinMap(name: string, fd: number): void {
    this.#pin(`map_${name}`, fd);
  }

  /** @throws SystemCallError EEXIST, EPERM */
  pinLink(name: string, fd: number): void {
    this.#pin(`link_${name}`, fd);
  }

  /** Says that all is here. @param fd of any map */
  finish(fd: number): void {
    this.#pin(COMPLETE, fd);
  }

  /** @returns a descriptor of one's own @throws SystemCallError ENOENT */
  openMap(name: string): number {
    return this.#open(`map_${name}`);
  }

  /** A link that nobody holds any more and that is not pinned is detached. */
  unpinLink(name: string): void {
    unlinkIfThere(join(this.folder, `link_${name}`));
  }

  /** Takes everything out, links first. Idempotent. */
  remove(): void {
    unlinkIfThere(join(this.folder, COMPLETE));
    for (const name of this.links) this.unpinLink(name);
    for (const name of this.#names('map_')) unlinkIfThere(join(this.folder, `map_${name}`));
    try {
      rmdirSync(this.folder);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }

  #names(prefix: string): string[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  #pin(name: string, fd: number): void {
    const path = join(this.folder, name);
    const outcome = libbpf().pin(fd, path);
    if (outcome < 0) throw new SystemCallError('bpf_obj_pin', -outcome, path);
  }

  #open(name: string): number {
    const path = join(this.folder, name);
    const fd = libbpf().openPinned(path);
    if (fd < 0) throw new SystemCallError('bpf_obj_get', -fd, path);
    return fd;
  }
}

/** Other folders beside this one: what other versions pinned. */
export function siblingsOf(pins: Pins): Pins[] {
  const parent = dirname(pins.folder);
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .map((name) => new Pins(join(parent, name)))
    .filter(({ folder }) => folder !== pins.folder);
}

/** Is this a folder of a mounted bpffs? */
export function isBpffs(folder: string): boolean {
  try {
    return statfsSync(folder).type === BPF_FS_MAGIC;
  } catch {
    return false;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
