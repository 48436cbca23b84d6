import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { killMember, parentOf, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

function newMarker(): string {
  return randomBytes(24).toString('base64url');
}

/** Waits for a word, then leaves a process to init, in a session of its own, that nobody has seen as its descendant. */
const leavesOrphan = "read -r go <&3; (setsid sh -c 'echo $$; exec cat <&3 >/dev/null' &); wait; exec cat <&3";

describe('the marker of a lease', () => {
  it('finds a descendant that was re-parented before anybody looked, and protects it', async () => {
    await using served = await serve();
    const { wire } = served;
    const marker = newMarker();
    await using tree = runScript(leavesOrphan, { env: { OMNIMIND_LEASE: marker } });
    await using plain = runScript(leavesOrphan);
    const lease = await wire.call('lease.register', { pid: tree.pid, marker });
    await wire.call('lease.register', { pid: plain.pid });
    tree.say('go\n');
    plain.say('go\n');
    const orphan = Number(await tree.line());
    const unseen = Number(await plain.line());
    await until(() => parentOf(orphan) !== tree.pid && parentOf(unseen) !== plain.pid);
    const verdicts = await wire.call('protection.check', { pids: [orphan, unseen] });
    expect(verdicts[0]).toMatchObject({ allow: false, rule: 'lease', leaseId: lease.id });
    // Without a marker there is no way to know: the walk ends at init.
    if (parentOf(unseen) === 1) expect(verdicts[1]?.rule).toBe('unprotected');
    expect((await wire.call('lease.get', { leaseId: lease.id })).members).toBe(2);
  });

  it('keeps the lease after the whole tree is gone but for a marked process that nobody knew of', async () => {
    await using served = await serve();
    const { wire } = served;
    await wire.call('history.subscribe', { source: 'lease' });
    const marker = newMarker();
    await using tree = runScript(leavesOrphan, { env: { OMNIMIND_LEASE: marker } });
    const { id } = await wire.call('lease.register', { pid: tree.pid, marker });
    tree.say('go\n');
    const orphan = Number(await tree.line());
    await until(() => parentOf(orphan) !== tree.pid);
    await tree.kill();
    const lease = await until(async () => {
      const now = await wire.call('lease.get', { leaseId: id });
      return !now.rootAlive && now.members === 1 && now;
    });
    expect(lease.state).toBe('active');
    killMember(orphan, startTicksOf(orphan));
    await wire.told('history.event', ({ event }) => event.outcome === 'exited');
  });

  it('gives no rights as a sender: a copy of it opens nothing', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    const marker = newMarker();
    await using tree = runScript('echo $$; exec cat <&3', { env: { OMNIMIND_LEASE: marker } });
    await tree.line();
    const lease = await wire.call('lease.register', { pid: tree.pid, marker });
    await using thief = await startRelay(omnid.socket, { env: { OMNIMIND_LEASE: marker } });
    const pids = [tree.pid, thief.pid];
    const [onTree, onItself] = await thief.wire.call('protection.check', { pids });
    // It protects the thief, too (from others), and that is all.
    expect(onTree).toMatchObject({ allow: false, rule: 'lease', leaseId: lease.id });
    expect(onItself).toMatchObject({ allow: true, rule: 'ownTree' });
    expect((await wire.call('protection.check', { pids }))[1]).toMatchObject({ allow: false, leaseId: lease.id });
    // Nor do its descendants gain anything by it.
    await using child = await startRelay(omnid.socket, {
      env: { OMNIMIND_LEASE: marker },
      prefix: ['/bin/sh', '-c', '"$@"; exit', 'sh'],
    });
    expect((await child.wire.call('protection.check', { pids }))[0]).toMatchObject({ allow: false, leaseId: lease.id });
    expect(await thief.wire.call('process.terminate', { pid: tree.pid })).toMatchObject({ outcome: 'denied' });
    expect(tree.child.exitCode).toBeNull();
  });

  it('is worth nothing on a process that started before the grant', async () => {
    await using served = await serve();
    const { wire } = served;
    const marker = newMarker();
    await using old = await startSleeper({ env: { OMNIMIND_LEASE: marker } });
    // A start time counts in hundredths of a second: the grant must fall into a later one.
    const next = await until(async () => {
      const sleeper = await startSleeper();
      if (startTicksOf(sleeper.pid) !== startTicksOf(old.pid)) return sleeper;
      await sleeper[Symbol.asyncDispose]();
      return false;
    });
    await using root = next;
    await wire.call('lease.register', { pid: root.pid, marker });
    expect((await wire.call('protection.check', { pids: [old.pid] }))[0]?.rule).toBe('unprotected');
  });

  it('names one lease, and is told to nobody', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    const marker = newMarker();
    await using first = await startSleeper();
    await using second = await startSleeper();
    const lease = await wire.call('lease.register', { pid: first.pid, marker });
    expect(await wire.refused('lease.register', { pid: second.pid, marker })).toMatchObject({ code: -32602 });
    expect(JSON.stringify([lease, await wire.call('lease.list', {}), await wire.call('history.query', {})])).not.toContain(
      marker,
    );
    await wire.call('lease.release', { leaseId: lease.id });
    await wire.call('lease.register', { pid: second.pid, marker });
    const { stderr } = await omnid.stop();
    expect(stderr).not.toContain(marker);
  });
});
