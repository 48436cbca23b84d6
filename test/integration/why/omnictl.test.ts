import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Explanation } from '#protocol/explanation.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { noPid, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { User, withServer } from '#test/integration/cli/support/omnictl.ts';

describe('omnictl why', () => {
  let user: User;
  let server: Omnid;

  beforeAll(async () => {
    user = await User.create();
    server = await withServer(user);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
  });

  test('answers in words, and in JSON', async () => {
    await using victim = await startStubborn();
    await user.omnictl(['kill', String(victim.pid), '--grace', '100ms', '--reason', 'memory is short']);
    const { code, stdout, stderr } = await user.omnictl(['why', String(victim.pid)]);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/ was killed by SIGKILL through the server, for .* after its SIGTERM: "memory is short"\.$/);
    expect(lines[1]).toMatch(/^ended .* signal 9 \(WTERMSIG\), no exit code$/);
    expect(lines.length).toBeLessThanOrEqual(10);
    const json = (await user.json(['why', String(victim.pid)])) as Explanation;
    expect(`${json.answer}.`).toBe(lines[0]);
    expect(((await user.json(['why', '--last'])) as Explanation).pid).toBe(victim.pid);
  });

  test('explains a lease by its root', async () => {
    await using held = await startSleeper();
    const lease = (await user.omnictl(['register', '--pid', String(held.pid), '--label', 'cycles'])).stdout.trim();
    const { code, stdout } = await user.omnictl(['why', lease]);
    expect(code).toBe(0);
    expect(stdout).toContain(`(pid ${String(held.pid)}) is still running.\nlease    ${lease} (cycles), active: it protects\n`);
  });

  test('ends with 1 where nothing was found, and says what is missing', async () => {
    const { code, stdout } = await user.omnictl(['why', String(noPid)]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^pid \d+ was never seen: .*\nunknown {2}.*without the sentinel.*; next time: .*\n$/);
    expect(await user.omnictl(['why', 'ls-aaaaaaaaaaaaaaaaaaaa'])).toMatchObject({ code: 1, stdout: '' });
  });

  test.each([[[]], [['1', '--last']], [['0']], [['ls-aaaaaaaaaaaaaaaaaaaa', '--start-ticks', '1']], [['not-a-lease']]])(
    'is a usage error: %j',
    async (args) => {
      expect(await user.omnictl(['why', ...args])).toMatchObject({ code: 2, stdout: '' });
    },
  );

  test('ends with 69 where no server is', async () => {
    expect(await user.omnictl(['--socket', user.folder.file('none.sock'), 'why', '1'])).toMatchObject({ code: 69 });
  });
});
