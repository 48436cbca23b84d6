import type { Rung, ServerInfo } from '#protocol/server.ts';
import { runProbes, type Probe } from '#linux/probes.ts';

let facts: Probe[] | undefined;

/** What this machine has of what the rungs need. Looked at once: kernels and capabilities do not change under a server. */
export function readFacts(): ServerInfo['facts'] {
  facts ??= runProbes();
  return facts.map(({ name, ok, found, fix }) => ({ name, ok, found, ...(fix === undefined ? {} : { fix }) }));
}

/** The ladder of protection, as this version climbs it. */
export function readRungs(): Rung[] {
  return [
    { layer: 'advisory', active: true, why: 'the registry answers: killers that ask are told, and mediated kills are safe' },
    {
      layer: 'sentinel',
      active: false,
      why: 'this version of omnid has no sentinel: signals that do not go through the server are not seen',
    },
    { layer: 'confine', active: false, why: 'this version of omnictl has no confine' },
    { layer: 'guard', active: false, why: 'this version of omnid has no guard: nothing is refused by the kernel' },
  ];
}
