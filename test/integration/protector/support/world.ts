import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { SignalEvent } from '#protocol/history.ts';
import { bounds } from '#protocol/bounds.ts';
import { bootId } from '#linux/identity.ts';
import { ExitWatcher } from '#linux/exit-watcher.ts';
import { terms } from '#test/support/core/terms.ts';
import { defaultConfig } from '#server/config.ts';
import { judgeViewOf } from '#server/context.ts';
import { machine } from '#server/machine.ts';
import { Protector } from '#server/protector/protector.ts';
import { protectorSettings, type ProtectorSettings } from '#server/protector/settings.ts';
import { Watch } from '#server/protector/watch.ts';
import { Registry } from '#server/registry.ts';
import { Store } from '#server/store/store.ts';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';
import { protectorCandidate } from '#test/support/server/omnid-options.ts';
import { runScript, type TestProcess } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { monotonicMs, pageSizeBytes } from '#linux/clock.ts';

const mebibyte = 2 ** 20;
const totalBytes = 400 * mebibyte;

/**
 * A machine with very little memory, of which the test's own children alone take: shortage is what cannot be had on the
 * machine that tests run on. The processes, and what they hold, are real.
 */
class SmallMachine extends Watch {
  readonly children: TestProcess[] = [];

  override lookAtMachine(): void {
    const used = this.children.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
    const { now } = this.machine;
    Object.assign(now, {
      atMs: monotonicMs(),
      memTotalBytes: totalBytes,
      memAvailableBytes: Math.max(0, totalBytes - used),
      memorySomeUs: NaN,
      memoryFullUs: NaN,
      cpuSomeUs: 0,
      ioSomeUs: 0,
      ioFullUs: 0,
      cpuBusyTicks: 0,
      cpuTotalTicks: now.atMs,
    });
    this.machine.update();
  }
}

/** 0 where it has ended. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${String(pid)}/statm`, 'latin1').split(' ')[1]) * pageSizeBytes;
  } catch {
    return 0;
  }
}

/** A protector that acts, on children of the test's own and on nobody else. */
export class World implements AsyncDisposable {
  readonly protector: Protector;
  readonly registry: Registry;
  readonly store: Store;
  readonly #watcher = new ExitWatcher();
  readonly #watch = new SmallMachine();
  readonly #folder: TestFolder;

  private constructor(folder: TestFolder, settings: Partial<ProtectorSettings>) {
    this.#folder = folder;
    this.store = new Store(folder.file('omnid.db'));
    const log = pino({ level: 'silent' });
    const limits = { ...defaultConfig().limits, depthMax: bounds.leaseDepthMax };
    this.registry = new Registry({
      store: this.store,
      watcher: this.#watcher,
      log,
      limits,
      generation: 1,
      rules: [],
      servedUid: undefined,
    });
    const onlyEnvironment = Object.entries(protectorCandidate).map(([name, value]) => `${name}=${value}`);
    this.protector = new Protector({
      settings: protectorSettings({
        act: true,
        limits: 'dev',
        survive: false,
        shieldMembers: false,
        ...settings,
        onlyEnvironment,
      }),
      view: judgeViewOf(this.registry, bootId(), undefined),
      registry: this.registry,
      store: this.store,
      watcher: this.#watcher,
      log,
      folders: [folder.path],
      watch: this.#watch,
    });
  }

  static async create(settings: Partial<ProtectorSettings> = {}): Promise<World> {
    const world = new World(await makeFolder(), settings);
    // Also where the test hangs: what it leaves behind would act on the children of the next.
    onTestFinished(() => world[Symbol.asyncDispose]());
    return world;
  }

  /**
   * Starts a child that takes memory: `size` MiB at once, and after a word on its pipe `steps` times one more each 50 ms,
   * as long as `grows` is true.
   *
   * @param body Python that runs before it takes any
   */
  async child(size: number, steps = 0, body = 'pass', isCandidate = true): Promise<TestProcess> {
    const env = isCandidate ? protectorCandidate : {};
    const program = `
import os, select, signal
grows = True
${body}
held = [bytearray(b'x' * (${String(size)} << 20))]
print('ready', flush=True)
os.read(3, 1)
while len(held) <= ${String(steps)}:
    if grows: held.append(bytearray(b'x' * (1 << 20)))
    select.select([], [], [], 0.05)
os.read(3, 1)
`;
    const child = runScript('exec python3 -c "$1"', { env, args: [program] });
    this.#watch.children.push(child);
    await child.line();
    return child;
  }

  /** Protects a child as a registration would. */
  protect(child: TestProcess, priority = 0): string {
    const held = machine.hold(child.pid);
    if (held === undefined) throw new Error('the child has ended');
    return this.registry.table.register(0, held, terms({ priority })).lease.id;
  }

  /** The protector's rows that fit, once there is one. */
  async events(fits: (event: SignalEvent) => boolean): Promise<readonly SignalEvent[]> {
    return until(async () => {
      const found = (await this.#all()).filter(fits);
      return found.length > 0 && found;
    });
  }

  async #all(): Promise<readonly SignalEvent[]> {
    const page = await this.store.query({ source: 'protector', order: 'oldest' }, { uid: 0, isRoot: true });
    return (JSON.parse(page) as { events: SignalEvent[] }).events;
  }

  #closing: Promise<void> | undefined;

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.protector.close();
    await this.registry.close();
    for (const child of this.#watch.children) await child[Symbol.asyncDispose]();
    await this.#watcher.close();
    await this.store.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}
