import { describe, expect, it } from 'vitest';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';
import { start } from '#test/integration/sentinel/support/processes.ts';
import { startTicksOf } from '#test/support/server/processes.ts';

describe.skipIf(skipReason !== undefined)(`execs${skipWords}`, () => {
  it('tells of each, of unmarked processes too, with the identity that /proc gives', async () => {
    const watched = new Watched();
    // One at the start, and two of the shell's own process.
    const shell = await start('/bin/sh', ['-c', 'exec /bin/sh -c "exec /bin/cat"']);
    const mine = await watched.until(() => {
      const found = watched.execs.filter(({ pid }) => pid === shell.pid);
      return found.length >= 3 && found;
    });
    expect(mine).toEqual(Array(3).fill({ pid: shell.pid, startTicks: startTicksOf(shell.pid) }));
  });
});
