import type { TestContext } from 'vitest';
import { confinement, readSurroundings } from '#cli/server/may-start.ts';

const reason = confinement(readSurroundings());

/** In a container omnictl starts no server (that it does not is tested everywhere): what needs one started is told as not tested. */
export function skipWhereNoneIsStarted({ skip }: Pick<TestContext, 'skip'>): void {
  if (reason !== undefined) skip(`omnictl starts no server here, for ${reason}: not tested`);
}
