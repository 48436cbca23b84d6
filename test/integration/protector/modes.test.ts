import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { protectorCandidate } from '#test/support/server/omnid-options.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';

/** Another user may not be able to run this checkout's node. */
const canBeOthers =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['--version'], { uid: 65_534, gid: 65_534 }).status === 0;
const testMode = { OMNIMIND_RESOURCE_PROTECTOR_MODE: 'test' };

describe('the mode of the protector', () => {
  it('is to observe, where nobody says anything', async () => {
    await using served = await serve();
    const { wire } = served;
    expect(await wire.call('protector.status', {})).toMatchObject({
      mode: 'observe',
      acting: false,
      limitsMode: 'dev',
      limits: { memoryPercent: 85 },
      victim: null,
      signalsSent: 0,
    });
    expect((await wire.call('server.status', {})).protector).toEqual({ mode: 'observe', acting: false });
  });

  it('chosen by the environment alone gives limits, and never the right to act', async () => {
    await using served = await serve({ env: testMode });
    expect(await served.wire.call('protector.status', {})).toMatchObject({
      mode: 'observe',
      acting: false,
      limitsMode: 'test',
      limits: { memoryPercent: 88 },
    });
  });

  it('acts by the configuration, by the limits that the environment chose', async () => {
    await using served = await serve({ config: '[protector]\nact = true\n', env: testMode });
    const status = await served.wire.call('protector.status', {});
    expect(status).toMatchObject({ mode: 'test', acting: true, limitsMode: 'test' });
    // What every server of the tests is held to.
    expect(status.onlyEnvironment).toEqual(Object.keys(protectorCandidate));
  });

  it('does not act by a mode of the configuration without act, nor observe with it', async () => {
    await using named = await serve({ config: '[protector]\nmode = "prod"\n' });
    expect(await named.wire.call('protector.status', {})).toMatchObject({ mode: 'prod', acting: false });
    await using observing = await serve({ config: '[protector]\nmode = "observe"\nact = true\n' });
    expect(await observing.wire.call('protector.status', {})).toMatchObject({ mode: 'observe', acting: false });
  });

  it('is set by the uid that the server runs as, until the server ends', async () => {
    await using served = await serve();
    const { wire, folder, omnid } = served;
    expect(await wire.call('protector.setMode', { mode: 'prod' })).toMatchObject({
      mode: 'prod',
      acting: true,
      limits: { memoryPercent: 95 },
    });
    expect(await wire.call('protector.setMode', { mode: 'observe' })).toMatchObject({ mode: 'observe', acting: false });
    expect(await wire.call('protector.setMode', { mode: 'off' })).toMatchObject({ mode: 'off', acting: false });
    await omnid.stop();
    await using next = await Omnid.start({ folder });
    await using again = await next.connect();
    expect(await again.call('protector.status', {})).toMatchObject({ mode: 'observe' });
  });

  it.skipIf(!canBeOthers)('is not set by other users (needs root, and a node that others may run)', async () => {
    await using served = await serve({ scope: 'system', config: '[sentinel]\nenabled = false\n' });
    await using relay = await startRelay(served.omnid.socket, { uid: 65_534 });
    expect(await relay.wire.refused('protector.setMode', { mode: 'dev' })).toMatchObject({
      code: 1003,
      data: { kind: 'notPermitted' },
    });
    expect(await relay.wire.call('protector.status', {})).toMatchObject({ mode: 'observe', acting: false });
  });

  it('is refused where the environment names no limits', async () => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, env: { OMNIMIND_RESOURCE_PROTECTOR_MODE: 'fast' } });
    expect(code).toBe(1);
    expect(stderr).toContain('must be dev, test or prod');
  });
});

describe('a plan', () => {
  it('says why each was passed over, touches nobody, and tells no command line', async () => {
    await using served = await serve({ config: '[protector]\nact = true\n' });
    const { wire } = served;
    await using child = await startSleeper({ env: protectorCandidate });
    const plan = await wire.call('protector.plan', {});
    expect(plan).toMatchObject({ mode: 'dev', acting: true });
    expect(plan.passedOver.length).toBeLessThanOrEqual(10);
    for (const one of plan.passedOver) {
      expect(one.why).not.toBe('');
      expect(Object.keys(one)).not.toContain('cmdline');
    }
    const pids = [...plan.victims, ...plan.passedOver].map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(pids.length);
    expect((await wire.call('protector.status', {})).signalsSent).toBe(0);
    expect(child.child.exitCode ?? child.child.signalCode).toBeNull();
  });
});

it('keeps a server that acts from ending as idle', async () => {
  await using folder = await makeFolder();
  const config = '[server]\nidleEndMs = 50\n[protector]\nact = true\n';
  await using omnid = await Omnid.start({ folder, config });
  {
    await using wire = await omnid.connect();
    await wire.call('protector.status', {});
  }
  // Far more than the bound: a server that observes would be gone.
  await using other = await makeFolder();
  await using idle = await Omnid.start({ folder: other, config: '[server]\nidleEndMs = 50\n' });
  expect((await idle.ended).code).toBe(0);
  await using again = await omnid.connect();
  expect((await again.call('protector.status', {})).acting).toBe(true);
});

it('is never let loose by a test', async () => {
  await using folder = await makeFolder();
  const env = { OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: '' };
  await expect(Omnid.spawn({ folder, env })).rejects.toThrow('its own children alone');
});
