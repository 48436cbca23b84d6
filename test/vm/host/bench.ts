import type { ScenarioReport } from '../guest/messages.ts';
import { scenarioMsMax } from './bounds.ts';
import { Machine } from './machine.ts';
import { missing } from './missing.ts';
import type { QemuOptions } from './qemu.ts';
import { Unavailable } from './unavailable.ts';
import { makeWorkFolder, type WorkFolder } from './work-folder.ts';

/** One machine that many tests run on; where one of them was the death of it, the next gets a new one. */
export class Bench implements AsyncDisposable {
  /** Why there is no machine to be had here. */
  readonly unavailable: string | undefined;
  /** What the kernels of this bench said of faults of their own. */
  readonly complaints: string[] = [];
  readonly boots: number[] = [];
  /** How long each scenario took, from the question to the answer, milliseconds. */
  readonly times = new Map<string, number>();
  readonly #folder: WorkFolder;
  readonly #options: QemuOptions | undefined;
  #machine: Machine | undefined;

  private constructor(folder: WorkFolder, made: QemuOptions | string) {
    this.#folder = folder;
    this.#options = typeof made === 'string' ? undefined : made;
    this.unavailable = typeof made === 'string' ? made : undefined;
    if (this.unavailable !== undefined) console.warn(`no virtual machine, tests are skipped: ${this.unavailable}`);
  }

  /** @param make makes the machine; what it puts in the folder is removed in the end */
  static async prepare(make: (folder: string) => Promise<QemuOptions>): Promise<Bench> {
    const folder = await makeWorkFolder();
    try {
      return new Bench(folder, (await missing()) ?? (await make(folder.path)));
    } catch (error) {
      if (error instanceof Unavailable) return new Bench(folder, error.message);
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the machine's files are. */
  get folder(): string {
    return this.#folder.path;
  }

  /** @throws Error where the machine does not boot */
  async machine(): Promise<Machine> {
    if (this.#options === undefined) throw new Error(this.unavailable);
    if (this.#machine?.usable !== true) {
      await this.#close();
      this.#machine = await Machine.boot(this.#options);
      this.boots.push(this.#machine.bootMs);
    }
    return this.#machine;
  }

  /** @throws Error with all that is known where the machine dies of it */
  async run(scenario: string, timeoutMs = scenarioMsMax): Promise<ScenarioReport> {
    const machine = await this.machine();
    const startMs = performance.now();
    const report = await machine.run(scenario, timeoutMs);
    this.times.set(scenario, performance.now() - startMs);
    return report;
  }

  /** Has the machine shut down by itself. @returns how long that took @throws Error where it does not */
  async powerOff(): Promise<number> {
    const machine = await this.machine();
    const tookMs = await machine.powerOff();
    await this.#close();
    return tookMs;
  }

  /** Ends the machine as a power cut would: what it had only in memory is lost. */
  async pullThePlug(): Promise<void> {
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #close(): Promise<void> {
    if (this.#machine === undefined) return;
    this.complaints.push(...this.#machine.complaints());
    await this.#machine[Symbol.asyncDispose]();
    this.#machine = undefined;
  }
}
