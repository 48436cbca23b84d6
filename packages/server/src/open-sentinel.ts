import { dirname } from 'node:path';
import type { Absence } from './absence.ts';
import { pinFolderOf } from './paths.ts';
import type { SentinelBridge } from './sentinel/bridge.ts';
import type { ServerOptions } from './server-options.ts';
import type { Store } from './store/store.ts';

const usersAbsence: Absence = {
  why: "a user's server does not watch the whole machine unasked",
  fix: 'set enabled = true under [sentinel] in omnid.toml (it needs root), or run the system server (--scope system)',
};
const switchedOff: Absence = {
  why: 'the configuration switches it off',
  fix: 'remove enabled = false from [sentinel] in omnid.toml',
};

/**
 * Opens the sentinel where it is wanted, and loads it there alone: a user's server has no use for libbpf.
 *
 * @returns why there is none, where there is none
 */
export async function openSentinel(
  { scope, config, database, log }: ServerOptions,
  store: Store,
): Promise<SentinelBridge | Absence> {
  const { enabled = scope === 'system' } = config.sentinel;
  if (!enabled) return scope === 'user' ? usersAbsence : switchedOff;
  const { openBridge } = await import('./sentinel/bridge.ts');
  const pinFolder = config.sentinel.pinned && scope === 'system' ? pinFolderOf(dirname(database)) : undefined;
  return openBridge(config.guard, new Set(config.rules.guardUids), pinFolder, log, store);
}

/** Who wrote `guardUids` relies on a guard: where there is none, that must not go unsaid. */
export function warnOfIdleGuard({ config, log }: ServerOptions, kernel: SentinelBridge | Absence): void {
  const { guardUids } = config.rules;
  const absence = 'marks' in kernel ? kernel.guardAbsence : kernel;
  if (guardUids.length === 0) return;
  if (absence !== undefined) log.warn({ guardUids, ...absence }, 'guardUids of [rules] has no effect: there is no guard');
  else if (config.guard.mode !== 'enforce') {
    log.warn(
      { guardUids, mode: config.guard.mode },
      'guardUids of [rules] refuses nothing: the mode of [guard] is not enforce',
    );
  }
}
