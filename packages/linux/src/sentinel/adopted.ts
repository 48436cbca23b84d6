import { closeFile } from '../ffi.ts';
import type { KernelSide } from './kernel-side.ts';
import type { Pins } from './pins.ts';
import { guardPrograms, optionalPrograms, requiredPrograms, type ProgramState } from './programs.ts';

/** What an earlier server pinned, and left attached. */
export class Adopted implements KernelSide {
  readonly #pins: Pins;
  readonly #maps = new Map<string, number>();

  /** @param pins complete */
  constructor(pins: Pins) {
    this.#pins = pins;
  }

  /** Every program, as the earlier server left it. */
  get programs(): ProgramState[] {
    const attached = new Set(this.#pins.links);
    return [...requiredPrograms, ...optionalPrograms, ...guardPrograms].map((name) =>
      attached.has(name) ? { name, attached: true } : { name, attached: false, why: 'the server that attached them had none' },
    );
  }

  mapFd(name: string): number {
    const known = this.#maps.get(name);
    if (known !== undefined) return known;
    const fd = this.#pins.openMap(name);
    this.#maps.set(name, fd);
    return fd;
  }

  detach(name: string): void {
    this.#pins.unpinLink(name);
  }

  detachAll(): void {
    for (const name of this.#pins.links) this.#pins.unpinLink(name);
  }

  close(): void {
    for (const fd of this.#maps.values()) closeFile(fd);
    this.#maps.clear();
  }
}
