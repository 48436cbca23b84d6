import type { Rung, ServerInfo } from '#protocol/server.ts';
import { runProbes, type Probe } from '#linux/probes.ts';
import type { SentinelAbsence } from './sentinel/bridge.ts';

let facts: Probe[] | undefined;

/** What this machine has of what the rungs need. Looked at once: kernels and capabilities do not change under a server. */
export function readFacts(): ServerInfo['facts'] {
  facts ??= runProbes();
  return facts.map(({ name, ok, found, fix }) => ({ name, ok, found, ...(fix === undefined ? {} : { fix }) }));
}

/**
 * The ladder of protection, as this version climbs it.
 *
 * @param absence why there is no sentinel; undefined where it is at work
 */
export function readRungs(absence: SentinelAbsence | undefined): Rung[] {
  return [
    { layer: 'advisory', active: true, why: 'the registry answers: killers that ask are told, and mediated kills are safe' },
    absence === undefined
      ? { layer: 'sentinel', active: true, why: 'every signal that ends or stops a process is recorded with its sender' }
      : {
          layer: 'sentinel',
          active: false,
          why: `signals that do not go through the server are not seen: ${absence.why}`,
          fix: absence.fix,
        },
    { layer: 'confine', active: false, why: 'this version of omnictl has no confine' },
    { layer: 'guard', active: false, why: 'this version of omnid has no guard: nothing is refused by the kernel' },
  ];
}
