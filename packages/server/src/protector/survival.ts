import type { Logger } from 'pino';
import { lockOwnProgram, lowerOwnOomScore, raiseOwnPriority, type Survival } from '#linux/protector/own-survival.ts';

/** The kernel never picks it. */
const neverPicked = -1000;
const niceLeast = -20;

/** What the server does to live through the emergency that it is there for. Done once, where it acts. */
export interface OwnSurvival {
  readonly programLock: Survival;
  readonly oomScore: Survival;
}

export const notAsked: OwnSurvival = {
  programLock: { done: false, why: 'the protector does not act' },
  oomScore: { done: false, why: 'the protector does not act' },
};

/** Locks the server's program into memory and lowers its oom_score_adj, and has it run first; what may not be had is said in the log, once. */
export function survive(log: Logger): OwnSurvival {
  const programLock = lockOwnProgram();
  const oomScore = lowerOwnOomScore(neverPicked);
  const priority = raiseOwnPriority(niceLeast);
  log.info({ programLock, oomScore, priority }, 'protector: own survival');
  return { programLock, oomScore };
}
