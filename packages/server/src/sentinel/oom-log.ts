import { KernelLog } from '#linux/kernel-log.ts';
import { OomReports, type OomReport } from '#linux/oom-reports.ts';

/** What the kernel's log says of the OOM killer's victims, where it can be read. */
export class OomLog implements Disposable {
  readonly #log = KernelLog.open();
  readonly #reports = new OomReports();

  /** What is known of a victim now. */
  of(pid: number): OomReport | undefined {
    if (this.#log !== undefined) this.#reports.add(this.#log.read());
    return this.#reports.of(pid);
  }

  [Symbol.dispose](): void {
    this.#log?.close();
  }
}
