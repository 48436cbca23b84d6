import { bounds } from '#protocol/bounds.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { groupId } from '#linux/group.ts';
import type { Absence } from './absence.ts';
import type { ServerContext } from './context.ts';
import { GuardPolicy } from './guard-policy.ts';
import { clock } from './machine.ts';
import { packageVersion } from './package-files.ts';
import type { Protector } from './protector/protector.ts';
import type { Registry } from './registry.ts';
import type { SentinelBridge } from './sentinel/bridge.ts';
import { servedUid, type ServerOptions } from './server-options.ts';
import type { Store } from './store/store.ts';

/** What a server has opened. */
export interface ServerParts {
  readonly options: ServerOptions;
  readonly store: Store;
  readonly registry: Registry;
  readonly watcher: ExitWatcher;
  readonly protector: Protector;
  readonly bootId: string;
  /** Aborted where the server stops. */
  readonly stopping: AbortSignal;
  readonly kernel: SentinelBridge | Absence;
  readonly connectionCount: () => number;
}

/** Puts together what the handlers work with. */
export function makeContext(parts: ServerParts): ServerContext {
  const { options, registry, store, watcher, protector, bootId, stopping, kernel, connectionCount } = parts;
  const { config, log, scope, socket } = options;
  const { limits, guard } = config;
  const bridge = 'marks' in kernel ? kernel : undefined;
  const sentinelAbsence = 'marks' in kernel ? undefined : kernel;
  const guardAbsence = bridge === undefined ? sentinelAbsence : bridge.guardAbsence;
  return {
    registry,
    store,
    watcher,
    log,
    bootId,
    servedUid: servedUid(options),
    protector,
    termLimits: {
      ttlMsDefault: Math.min(bounds.ttlMsDefault, limits.ttlMsMax),
      ttlMsMin: bounds.ttlMsMin,
      ttlMsMax: limits.ttlMsMax,
      maxMsMin: bounds.maxMsMin,
      maxMsMax: limits.maxMsMax,
    },
    subscriptionsPerConnectionMax: limits.subscriptionsPerConnectionMax,
    identity: {
      version: packageVersion(),
      scope,
      socket,
      startedAt: new Date(clock.wallMs()).toISOString(),
    },
    startedMs: clock.monotonicMs(),
    stopping,
    sentinelAbsence,
    guardAbsence,
    guardMode: guard.mode,
    guardPolicy: new GuardPolicy({
      config: guard,
      groupId: groupId(guard.group),
      absence: guardAbsence,
      countOf: (uid) => bridge?.marks.room.count(uid) ?? 0,
    }),
    connectionCount,
  };
}
