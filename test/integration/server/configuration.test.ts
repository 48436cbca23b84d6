import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';

describe('omnid.toml', () => {
  it.each([
    ['an unknown table', '\n[gaurd]\nmode = 1\n', ':2: unknown key "gaurd"'],
    [
      'an unknown key',
      '[limits]\nleasesPerUidMax = 3\nleasesPerUserMax = 4\n',
      ':3: unknown key "leasesPerUserMax" in [limits]',
    ],
    [
      'a key in the wrong table',
      '[limits]\nleasesPerUidMax = 3\n\n[server]\nleasesPerUidMax = 3\n',
      ':5: unknown key "leasesPerUidMax" in [server]',
    ],
    ['a wrong type', '[server]\nidleEndMs = "30m"\n', ':2: idleEndMs must be integer'],
    ['a value out of range', '# limits\n[limits]\nleasesPerUidMax = 0\n', ':3: leasesPerUidMax must be >= 1'],
    ['what is no TOML', '[limits\n', ':1:'],
  ])('refuses %s by its line', async (_what, config, words) => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, config });
    expect(code).toBe(1);
    expect(stderr).toContain(`omnid.toml${words}`);
  });

  it('must be there where it is named', async () => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, args: ['--config', folder.file('nowhere.toml')] });
    expect(code).toBe(1);
    expect(stderr).toContain('cannot read the configuration');
  });

  it('is found where XDG says, unless another is named', async () => {
    await using folder = await makeFolder();
    await mkdir(folder.file('xdg-config/omnimind'), { recursive: true });
    await writeFile(folder.file('xdg-config/omnimind/omnid.toml'), 'wrong = true\n');
    const { code, stderr } = await Omnid.run({ folder, defaultRules: true });
    expect(code).toBe(1);
    expect(stderr).toContain('xdg-config/omnimind/omnid.toml:1: unknown key "wrong"');
    await using omnid = await Omnid.start({ folder, config: '' });
    await omnid.stop();
  });

  it('bounds the leases of a uid, and says which limit it was', async () => {
    await using served = await serve({ config: '[limits]\nleasesPerUidMax = 1\n' });
    const { wire } = served;
    await using first = await startSleeper();
    await using second = await startSleeper();
    const lease = await wire.call('lease.register', { pid: first.pid });
    expect(await wire.refused('lease.register', { pid: second.pid })).toMatchObject({
      code: 1105,
      data: { kind: 'limitReached', limit: 'leasesPerUidMax' },
    });
    await wire.call('lease.release', { leaseId: lease.id });
    await wire.call('lease.register', { pid: second.pid });
  });

  it('bounds a ttl', async () => {
    await using served = await serve({ config: '[limits]\nttlMsMax = 5000\n' });
    const { wire } = served;
    await using sleeper = await startSleeper();
    expect(await wire.refused('lease.register', { pid: sleeper.pid, ttlMs: 5001 })).toMatchObject({
      code: 1104,
      data: { kind: 'ttlOutOfRange', max: 5000 },
    });
    expect((await wire.call('lease.register', { pid: sleeper.pid, renewal: 'heartbeat' })).ttlMs).toBe(5000);
  });

  it('bounds subscriptions of a connection', async () => {
    await using served = await serve({ config: '[limits]\nsubscriptionsPerConnectionMax = 1\n' });
    const { wire } = served;
    const { subscriptionId } = await wire.call('protection.subscribe', {});
    expect(await wire.refused('history.subscribe', {})).toMatchObject({ code: 1105 });
    await wire.call('protection.unsubscribe', { subscriptionId });
    await wire.call('history.subscribe', {});
  });
});
