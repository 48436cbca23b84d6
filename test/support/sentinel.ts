import type { TestContext } from 'vitest';
import { Sentinel } from '#linux/sentinel/sentinel.ts';

/** Loading is what tells: by the list of what it needs it may seem to be there. */
async function whyNot(): Promise<string | undefined> {
  try {
    await Sentinel.open({ guard: false }).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const reason = await whyNot();

/** The configuration of a server that sees. */
export const seeing = '[sentinel]\nenabled = true\n';

/** Tells a test that needs the sentinel as not tested, where there is none to be had. */
export function skipWithoutSentinel({ skip }: Pick<TestContext, 'skip'>): void {
  if (reason !== undefined) skip(`there is no sentinel here, for ${reason}: not tested`);
}
