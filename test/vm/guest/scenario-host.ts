import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ScenarioGroup } from './groups.ts';
import type { Verdict } from './messages.ts';

const OUTPUT_BYTES_MAX = 32 * 1024;
const program = join(import.meta.dirname, 'scenario-process.js');

/** The shell joins the group before there is anything that could fork. The agent alone is kept from the OOM killer. */
const script = 'echo 0 >"$1/cgroup.procs"; echo 0 >/proc/self/oom_score_adj; shift; exec "$@"';

let count = 0;

/** A process that waits to be told which scenario it is to be, alone in its group. */
export class ScenarioProcess {
  readonly group: ScenarioGroup;
  readonly child: ChildProcess;
  readonly exited: Promise<[number | null, NodeJS.Signals | null]>;
  #output = Buffer.alloc(0);
  #said = '';

  constructor() {
    count += 1;
    this.group = new ScenarioGroup(`scenario-${String(count)}`);
    const child = spawn('/bin/sh', ['-c', script, 'sh', this.group.start, process.execPath, program], {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    this.exited = once(child, 'exit') as typeof this.exited;
    const [stdin, stdout, stderr, verdict] = child.stdio as unknown as [Writable, Readable, Readable, Readable];
    stdin.on('error', () => undefined);
    for (const stream of [stdout, stderr]) stream.on('data', (chunk: Buffer) => this.#keep(chunk));
    verdict.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
  }

  start(name: string): void {
    this.child.stdin?.end(name);
  }

  /** What it said of itself; one that was killed, or ended on its own, has said nothing. */
  async verdict(): Promise<Verdict> {
    if (this.#said !== '') return JSON.parse(this.#said) as Verdict;
    const [code, signal] = await this.exited;
    return { outcome: 'failed', reason: `the scenario's process ended by itself: ${signal ?? `exit ${String(code)}`}` };
  }

  /** The end of what it and its processes printed. */
  output(): string {
    return this.#output.toString();
  }

  #keep(chunk: Buffer): void {
    this.#output = Buffer.concat([this.#output, chunk]).subarray(-OUTPUT_BYTES_MAX);
  }
}
