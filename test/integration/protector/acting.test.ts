import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { niceOf } from '#linux/protector/nice.ts';
import { runs } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { World } from './support/world.ts';

const ignoresTerm = 'signal.signal(signal.SIGTERM, signal.SIG_IGN)';
const stopsGrowing = 'signal.signal(signal.SIGTERM, lambda *_: globals().update(grows=False))';
const hasPython = spawnSync('python3', ['--version']).status === 0;

// Of 400 MiB; the mode's limit is 340.
describe.skipIf(!hasPython)('the protector, on children of the test alone (needs python3)', () => {
  it('ends who grows by SIGTERM, and neither the larger steady process nor a member of a lease', async () => {
    await using world = await World.create();
    const steady = await world.child(130);
    // It grows too, and has its fill before memory is short: two at once could be too fast for a grace.
    const member = await world.child(10, 20);
    const leak = await world.child(120, 300);
    const leaseId = world.protect(member);
    world.protector.start();
    member.say('x');
    leak.say('x');
    await leak.ended;
    expect(leak.child.signalCode).toBe('SIGTERM');
    expect([runs(steady.pid), runs(member.pid)]).toEqual([true, true]);
    const [row] = await world.events(({ termination }) => termination === 'exited');
    expect(row).toMatchObject({ signal: 15, code: 'pidfd', outcome: 'delivered', target: { pid: leak.pid, comm: 'python3' } });
    expect(row?.sender?.pid).toBe(process.pid);
    expect(row?.reason).toMatch(/% of memory is available.*pid \d+ \(python3\) holds .* grows /);
    const plan = world.protector.plan();
    expect(plan.passedOver.find(({ pid }) => pid === member.pid)?.exemption).toMatchObject({ rule: 'lease', leaseId });
    expect(world.protector.hands).toMatchObject({ sentCount: 1, endedCount: 1 });
  });

  it('kills who ignores SIGTERM and goes on, before memory is used up', async () => {
    await using world = await World.create();
    await world.child(130);
    const hog = await world.child(160, 300, ignoresTerm);
    world.protector.start();
    hog.say('x');
    await hog.ended;
    expect(hog.child.signalCode).toBe('SIGKILL');
    const rows = await world.events(({ termination }) => termination === 'killed');
    expect(rows).toHaveLength(1);
    const asked = await world.events(({ signal }) => signal === 15);
    expect(asked.at(-1)).toMatchObject({ outcome: 'delivered', termination: 'survived', target: { pid: hog.pid } });
  });

  it('spares who was asked and grows no more, though it has not ended', async () => {
    await using world = await World.create({ graceMs: 3000 });
    await world.child(130);
    const hog = await world.child(160, 300, stopsGrowing);
    world.protector.start();
    hog.say('x');
    const rows = await world.events(({ termination }) => termination === 'survived');
    expect(rows.map(({ signal }) => signal)).toEqual([15]);
    expect(runs(hog.pid)).toBe(true);
    expect(world.protector.hands.current).toBeUndefined();
  });

  it('touches nobody without the right to act, and says whom it would end', async () => {
    await using world = await World.create({ act: false });
    await world.child(130);
    const hog = await world.child(160, 60);
    world.protector.start();
    expect([world.protector.mode, world.protector.acting]).toEqual(['observe', false]);
    hog.say('x');
    const [row] = await world.events(({ outcome }) => outcome === 'planned');
    expect(row).toMatchObject({
      signal: null,
      target: { pid: hog.pid },
      reason: expect.stringContaining('would send SIGTERM'),
    });
    expect(runs(hog.pid)).toBe(true);
    expect(niceOf(hog.pid)).toBe(niceOf(process.pid));
    expect(world.protector.hands.sentCount).toBe(0);
  });

  it('touches nobody outside of what it is restricted to, and says that there is nobody', async () => {
    await using world = await World.create();
    await world.child(130, 0, 'pass', false);
    const hog = await world.child(160, 100, 'pass', false);
    world.protector.start();
    hog.say('x');
    const [row] = await world.events(({ reason }) => reason?.includes('nobody who may be ended') === true);
    expect(row).toMatchObject({ outcome: 'told', target: null });
    expect(runs(hog.pid)).toBe(true);
    expect(world.protector.throttler.size).toBe(0);
  });

  it('slows who grows before it ends anybody, tells of it, and lets go when the need is over', async () => {
    await using world = await World.create({ end: false });
    await world.child(130);
    const hog = await world.child(145, 30);
    const before = niceOf(hog.pid);
    world.protector.start();
    hog.say('x');
    await until(() => niceOf(hog.pid) === 19);
    const [told] = await world.events(({ outcome }) => outcome === 'throttled');
    expect(told).toMatchObject({ target: { pid: hog.pid }, reason: expect.stringContaining('nice 19') });
    expect(world.protector.throttler.list()).toMatchObject([{ pid: hog.pid, how: ['nice 19'] }]);
    const [restored] = await world.events(({ outcome }) => outcome === 'restored');
    expect(restored?.target?.pid).toBe(hog.pid);
    // A lower value again needs root.
    expect(niceOf(hog.pid)).toBe(process.getuid?.() === 0 ? before : 19);
    expect(runs(hog.pid)).toBe(true);
  });

  it('ends those of a process group that have grown as one victim where that is configured', async () => {
    await using world = await World.create({ unit: 'group' });
    // Three children grow when it does, and one holds what it held; all wait for the end of their parent.
    const forks = `
os.setpgid(0, 0)
wait, hold = os.pipe()
wait_old, hold_old = os.pipe()
for pipe in [wait, wait, wait, wait_old]:
    if os.fork() == 0:
        os.close(hold); os.close(hold_old)
        held = [bytearray(b'x' * (10 << 20))]
        if os.read(pipe, 1): held.append(bytearray(b'x' * (10 << 20)))
        os.read(pipe, 1)
        os._exit(0)
class Grows:
    started = False
    def __bool__(self):
        if not self.started: os.write(hold, b'xxx')
        self.started = True
        return True
grows = Grows()`;
    await world.child(130);
    const hog = await world.child(150, 300, forks);
    world.protector.start();
    hog.say('x');
    await hog.ended;
    const rows = await until(async () => {
      const found = await world.events(({ signal }) => signal === 15);
      return found.length >= 4 && found;
    });
    expect(new Set(rows.map(({ target }) => target?.pid)).size).toBe(4);
    await until(() => rows.every(({ target }) => !runs(target?.pid ?? 0)));
  });

  it('tells loudly where the protected set is over its budget, and asks the least important lease where it may', async () => {
    await using world = await World.create({ budgetPercent: 30, endLeases: true });
    const important = await world.child(100);
    const spare = await world.child(60);
    const leases = [world.protect(important, 5), world.protect(spare, 0)];
    world.protector.start();
    await spare.ended;
    expect(spare.child.signalCode).toBe('SIGTERM');
    expect(runs(important.pid)).toBe(true);
    const [told] = await world.events(({ reason, signal }) => signal === null && reason?.includes('budget') === true);
    expect(told?.outcome).toBe('told');
    expect((await world.events(({ signal }) => signal === 15))[0]?.leaseId).toBe(leases[1]);
  });

  it('only tells of it otherwise', async () => {
    await using world = await World.create({ budgetPercent: 30 });
    const member = await world.child(150);
    world.protect(member);
    world.protector.start();
    const [told] = await world.events(({ reason }) => reason?.includes('end a lease, or raise budgetPercent') === true);
    expect(told?.outcome).toBe('told');
    expect(runs(member.pid)).toBe(true);
  });
});
