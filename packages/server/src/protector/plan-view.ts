import type { ProtectorNeed, ProtectorPlan, ProtectorSuspect } from '#protocol/protector.ts';
import type { Need } from '#core/protector/need.ts';
import type { Suspect } from '#core/protector/plan.ts';
import { planWords } from '#core/protector/words.ts';
import { tuning } from '#core/protector/tuning.ts';
import { proportionalBytes } from '#linux/protector/process-facts.ts';
import { clock } from '../machine.ts';
import { tryRead } from '../try-read.ts';
import type { Protector } from './protector.ts';
import { commOf } from './victim.ts';

/** A plan as it goes over the wire. Command lines are not in it: everybody may ask. */
export function planView(protector: Protector): ProtectorPlan {
  const plan = protector.plan();
  const victims = plan.victims.map(suspectView);
  return {
    takenAt: new Date(clock.wallMs()).toISOString(),
    mode: protector.mode,
    acting: protector.acting,
    need: needView(plan.need),
    wouldEnd: plan.mayEnd,
    why: planWords(plan, victims[0]?.comm ?? '', protector.watch.machine.availableShare),
    victims,
    passedOver: plan.passedOver.map(({ exemption, ...suspect }) => ({ ...suspectView(suspect), ...exemption })),
  };
}

export function needView({ level, cause, exhaustedInMs }: Need): ProtectorNeed {
  return { level, cause, exhaustedInMs: exhaustedInMs === Infinity ? null : Math.round(exhaustedInMs) };
}

export function suspectView(suspect: Suspect): ProtectorSuspect {
  const { pid, startTicks, bytes, grownBytes, growthBytes, cpuShare, guilt } = suspect;
  const pssBytes = bytes > tuning.weighedBytesMax ? undefined : tryRead(() => proportionalBytes(pid));
  return {
    pid,
    startTicks: String(startTicks),
    comm: commOf(pid),
    bytes,
    ...(pssBytes === undefined ? {} : { pssBytes }),
    grownBytes: Math.round(grownBytes),
    growthBytesPerSecond: Math.round(growthBytes),
    cpuShare: rounded(cpuShare),
    guilt,
  };
}

/** Three digits behind the point are more than was measured. */
export function rounded(value: number): number {
  return Math.max(0, Math.round(value * 1000) / 1000);
}
