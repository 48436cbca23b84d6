import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { bounds } from '#protocol/bounds.ts';
import { bootId as readBootId } from '#linux/identity.ts';
import { ExitWatcher } from '#linux/exit-watcher.ts';
import { lockFile, type FileLock } from '#linux/file-lock.ts';
import { releaseOwnMemory } from '#linux/own-memory.ts';
import { Clients } from './clients.ts';
import type { Config } from './config.ts';
import { judgeViewOf } from './context.ts';
import { Dispatcher } from './dispatch.ts';
import { allHandlers } from './handlers/all.ts';
import { IdleEnd } from './idle-end.ts';
import { Listener } from './listener.ts';
import { clock } from './machine.ts';
import { makeContext } from './make-context.ts';
import { openSentinel, warnOfIdleGuard } from './open-sentinel.ts';
import { OwnHeap } from './own-heap.ts';
import { Protector } from './protector/protector.ts';
import { recover } from './recovery.ts';
import { Registry } from './registry.ts';
import { Rest } from './rest.ts';
import { servedUid, type ServerOptions } from './server-options.ts';
import { reserveGenerations } from './store/meta.ts';
import { Retention } from './store/retention.ts';
import { Store } from './store/store.ts';

/** How long a stopping server waits for what is in flight. */
const stopWaitMs = 3000;
/** A server that nobody has asked for so long (to twice as long) rests. */
const restMs = 1000;
/** It takes some milliseconds. */
const restAgainMs = 60_000;

/** omnid, wired: what is opened is owned by one stack, and closed in the opposite order. */
export class Server implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(stack: AsyncDisposableStack) {
    this.#stack = stack;
  }

  /**
   * Locks the state folder, opens the database, takes up what was, and only then listens.
   *
   * @throws Error that says what is in the way
   */
  static async start(options: ServerOptions): Promise<Server> {
    await using stack = new AsyncDisposableStack();
    stack.adopt(lockState(options.database), (lock) => {
      lock.close();
    });
    const store = stack.adopt(new Store(options.database), async (opened) => {
      const lost = await opened.close();
      if (lost > 0) options.log.error({ lost }, 'rows are lost: the database could not be written');
    });
    const watcher = stack.use(new ExitWatcher());
    const kernel = await openSentinel(options, store);
    const bridge = 'marks' in kernel ? stack.adopt(kernel, (opened) => opened.close()) : undefined;
    warnOfIdleGuard(options, kernel);
    const registry = stack.adopt(
      new Registry({
        store,
        watcher,
        log: options.log,
        limits: leaseLimits(options.config),
        rules: options.config.rules.list,
        servedUid: servedUid(options),
        generation: reserveGenerations(store.database),
        kernel: bridge,
      }),
      (opened) => opened.close(),
    );
    const bootId = readBootId();
    bridge?.connect(registry, store, options.log);
    const recovered = await recover(store, registry, bootId, options.log);
    bridge?.recovered();
    const retention = stack.adopt(new Retention(store, options.config.history), (opened) => opened.close());
    const protector = stack.adopt(makeProtector(options, store, registry, watcher, bootId), (opened) => {
      opened.close();
    });
    const stopping = new AbortController();
    const context = makeContext({
      options,
      store,
      registry,
      watcher,
      protector,
      bootId,
      stopping: stopping.signal,
      kernel,
      connectionCount: () => clients.count,
    });
    const clients = new Clients(
      options.config.limits,
      new Dispatcher(allHandlers(context), options.log),
      registry.table,
      options.log,
      stack.adopt(startResting(options.log), (rest) => {
        rest.close();
      }),
    );
    stack.defer(() =>
      clients.stop(stopWaitMs, () => {
        stopping.abort();
      }),
    );
    stack.adopt(await listen(options, clients), (listener) => {
      listener.close();
    });
    stack.adopt(watchIdle(options, registry, clients, protector), (idle) => {
      idle.close();
    });
    registry.startScanning();
    retention.start();
    protector.start();
    options.log.info({ socket: options.socket, database: options.database, scope: options.scope, ...recovered }, 'listening');
    return new Server(stack.move());
  }

  /** Answers what is in flight, writes, and closes everything. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** One server for one state folder: whoever comes second must not touch the database. */
function lockState(database: string): FileLock {
  const folder = dirname(database);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'lock');
  const lock = lockFile(path);
  if (lock === undefined) throw new Error(`another omnid holds ${path}: it serves this state folder already`);
  return lock;
}

function leaseLimits(config: Config): Config['limits'] & { depthMax: number } {
  return { ...config.limits, depthMax: bounds.leaseDepthMax };
}

function makeProtector(
  options: ServerOptions,
  store: Store,
  registry: Registry,
  watcher: ExitWatcher,
  bootId: string,
): Protector {
  return new Protector({
    settings: options.config.protector,
    view: judgeViewOf(registry, bootId, servedUid(options)),
    registry,
    store,
    watcher,
    log: options.log,
    folders: ['/', dirname(options.database)],
  });
}

function listen(options: ServerOptions, clients: Clients): Promise<Listener> {
  const isSystem = options.scope === 'system';
  const modes = isSystem ? { mode: 0o666, folderMode: 0o755 } : { mode: 0o600, folderMode: 0o700 };
  const onError = (error: Error): void => {
    options.log.error({ err: error }, 'a connection could not be accepted');
  };
  return Listener.open({ path: options.socket, ...modes, onError }, (socket) => {
    clients.accept(socket);
  });
}

/** What starting takes is not kept either. */
function startResting(log: Logger): Rest {
  const heap = new OwnHeap();
  const rest = new Rest({
    afterMs: restMs,
    againMs: restAgainMs,
    begin: () => {
      log.debug({ heapBytes: heap.release(), mappedBytes: releaseOwnMemory() }, 'resting');
    },
  });
  rest.stir();
  return rest;
}

/** The system's server does not end by itself. */
function watchIdle(options: ServerOptions, registry: Registry, clients: Clients, protector: Protector): IdleEnd {
  const idleEndMs = options.scope === 'system' ? 0 : options.config.server.idleEndMs;
  return new IdleEnd(
    idleEndMs,
    () => registry.table.size > 0 || clients.count > 0 || protector.acting,
    () => clock.monotonicMs(),
    options.onIdle,
  );
}
