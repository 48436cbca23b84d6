import type { Rung, ServerInfo } from '#protocol/server.ts';
import { LANDLOCK_FIX, signalScopeAbsence } from '#linux/landlock.ts';
import { runProbes, type Probe } from '#linux/probes.ts';
import type { GuardMode } from '#linux/sentinel/lease-terms.ts';
import type { Absence } from './absence.ts';

let facts: Probe[] | undefined;
let confine: Rung | undefined;

/** What this machine has of what the rungs need. Looked at once: kernels and capabilities do not change under a server. */
export function readFacts(): ServerInfo['facts'] {
  facts ??= runProbes();
  return facts.map(({ name, ok, found, fix }) => ({ name, ok, found, ...(fix === undefined ? {} : { fix }) }));
}

/** Of which layers there are none, and how the guard is set. */
export interface Layers {
  /** Why there is no sentinel; undefined where it is at work. */
  readonly sentinelAbsence: Absence | undefined;
  readonly guardAbsence: Absence | undefined;
  readonly guardMode: GuardMode;
}

/** The ladder of protection, as this version climbs it. */
export function readRungs({ sentinelAbsence: absence, guardAbsence, guardMode }: Layers): Rung[] {
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
    (confine ??= confineRung()),
    guardRung(guardAbsence, guardMode),
  ];
}

/** It is the kernel's, and anybody's to climb: the server says whether it is there. */
function confineRung(): Rung {
  const absence = signalScopeAbsence();
  if (absence === undefined) {
    const why = "what is started by 'omnictl confine' can signal nothing outside itself; it takes no privilege";
    return { layer: 'confine', active: true, why };
  }
  return { layer: 'confine', active: false, why: `'omnictl confine' cannot be had: ${absence}`, fix: LANDLOCK_FIX };
}

/** What no guard of this kind can stop (design: 4-kernel). */
const uncovered =
  "what it cannot refuse: the kernel's OOM killer, cgroup.kill (systemd-oomd), RLIMIT_CPU set by prlimit, PDEATHSIG, ptrace's EXITKILL, " +
  "the end of a PID namespace's init, a terminal's own signals";

function guardRung(absence: Absence | undefined, mode: GuardMode): Rung {
  if (absence !== undefined)
    return { layer: 'guard', active: false, why: `nothing is refused by the kernel: ${absence.why}`, fix: absence.fix };
  if (mode === 'enforce') {
    return {
      layer: 'guard',
      active: true,
      why: `a signal that a guarded lease forbids fails with EPERM, root's too; ${uncovered}`,
    };
  }
  return {
    layer: 'guard',
    active: false,
    why: 'it audits: what it would refuse is recorded, and nothing is refused',
    fix: 'set mode = "enforce" under [guard] in omnid.toml',
  };
}
