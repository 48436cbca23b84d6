import { describe, expect, it } from 'vitest';
import { countPidfds } from '#test/support/server/inspect.ts';
import { killMember, parentOf, runScript, startSleeper, startTicksOf } from '#test/support/server/processes.ts';
import { asParent, startRelay } from '#test/support/server/relay.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** A shell with a child and a grandchild, which it names. */
const threeGenerations = 'sh -c "cat <&3 >/dev/null & echo \\$\\$ \\$!; wait" & wait';

async function pidsOf(tree: { line(): Promise<string> }): Promise<number[]> {
  return (await tree.line()).split(' ').map(Number);
}

describe('the tree of a lease', () => {
  it('covers all descendants of a registered shell, those of before and those of after', async () => {
    await using served = await serve();
    await using tree = runScript(`read -r go <&3; ${threeGenerations}`);
    await using older = runScript(threeGenerations);
    const { wire } = served;
    const olderPids = [older.pid, ...(await pidsOf(older))];
    const first = await wire.call('lease.register', { pid: older.pid });
    const second = await wire.call('lease.register', { pid: tree.pid });
    tree.say('go\n');
    const pids = [tree.pid, ...(await pidsOf(tree))];
    const verdicts = await wire.call('protection.check', { pids: [...olderPids, ...pids] });
    expect(verdicts.map(({ allow, rule, leaseId }) => [allow, rule, leaseId])).toEqual([
      ...olderPids.map(() => [false, 'lease', first.id]),
      ...pids.map(() => [false, 'lease', second.id]),
    ]);
    expect(await wire.call('lease.get', { leaseId: second.id })).toMatchObject({ members: 3, rootAlive: true });
  });

  it('denies its processes to another killer, and allows them to a member', async () => {
    await using served = await serve();
    const { omnid, wire } = served;
    // A member asks over its own connection: the test controller of the job, say.
    await using member = await startRelay(omnid.socket, { prefix: asParent });
    await using killer = await startRelay(omnid.socket);
    expect(parentOf(member.pid)).toBe(member.root.pid);
    const lease = await wire.call('lease.register', { pid: member.root.pid });
    const asked = { pids: [member.root.pid, member.pid], signal: 9 };
    for (const verdict of await killer.wire.call('protection.check', asked)) {
      expect(verdict).toMatchObject({ allow: false, rule: 'lease', leaseId: lease.id });
    }
    for (const verdict of await member.wire.call('protection.check', asked))
      expect(verdict).toMatchObject({ allow: true, rule: 'ownTree' });
    // What no lease forbids passes; what ends nothing is allowed before leases are asked.
    expect((await killer.wire.call('protection.check', { ...asked, signal: 10 }))[0]?.rule).toBe('unprotected');
    expect((await killer.wire.call('protection.check', { ...asked, signal: 0 }))[0]?.rule).toBe('harmlessSignal');
    for (const signal of [1, 2, 3, 6, 9, 15, 19]) {
      expect((await killer.wire.call('protection.check', { ...asked, signal }))[0]?.allow).toBe(false);
    }
  });

  it('is the process alone where the scope says so', async () => {
    await using served = await serve();
    await using tree = runScript(threeGenerations);
    const [child = 0] = await pidsOf(tree);
    await served.wire.call('lease.register', { pid: tree.pid, scope: 'process' });
    const verdicts = await served.wire.call('protection.check', { pids: [tree.pid, child] });
    expect(verdicts.map(({ rule }) => rule)).toEqual(['lease', 'unprotected']);
  });

  it('outlives its root while a child that was seen lives, and ends with its last member', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    await wire.call('history.subscribe', { source: 'lease' });
    const before = countPidfds(omnid.pid);
    // The child reads from the pipe behind the root's back: it lives on when the root exits.
    await using tree = runScript('cat <&3 >/dev/null & echo $!; wait');
    const child = Number(await tree.line());
    const { id } = await wire.call('lease.register', { pid: tree.pid });
    await wire.call('protection.check', { pids: [child] });
    await tree.kill();
    const survivor = await until(async () => {
      const lease = await wire.call('lease.get', { leaseId: id });
      return !lease.rootAlive && lease;
    });
    expect(survivor).toMatchObject({ state: 'active', members: 1 });
    expect((await wire.call('protection.check', { pids: [child] }))[0]).toMatchObject({ allow: false, leaseId: id });
    // A leftover is listed with its root gone, and can be released by its pid.
    expect((await wire.call('lease.list', {})).leases).toMatchObject([{ id, rootAlive: false, members: 1 }]);
    killMember(child, startTicksOf(child));
    const { event } = await wire.told('history.event', (told) => told.event.outcome !== 'granted');
    expect(event).toMatchObject({ outcome: 'exited', leaseId: id });
    expect(await wire.call('lease.get', { leaseId: id })).toMatchObject({ state: 'exited', members: 0 });
    await until(() => countPidfds(omnid.pid) === before);
  });

  it('keeps a child that was seen when it is re-parented, by two forks and a new session', async () => {
    await using served = await serve();
    const { wire } = served;
    // The middle shell waits until it has been looked at; then it leaves its child to init.
    await using tree = runScript("sh -c 'setsid cat <&3 >/dev/null & echo $$ $!; read -r go <&3' & wait");
    const [middle = 0, child = 0] = await pidsOf(tree);
    const lease = await wire.call('lease.register', { pid: tree.pid });
    await wire.call('protection.check', { pids: [child] });
    const before = parentOf(child);
    killMember(middle, startTicksOf(middle));
    await until(() => parentOf(child) !== before);
    expect((await wire.call('protection.check', { pids: [child] }))[0]).toMatchObject({ allow: false, leaseId: lease.id });
  });

  it('nests: the innermost lease answers, and each names its parent', async () => {
    await using served = await serve();
    await using tree = runScript(threeGenerations);
    const { wire } = served;
    const [child = 0, grandchild = 0] = await pidsOf(tree);
    const outer = await wire.call('lease.register', { pid: tree.pid });
    const inner = await wire.call('lease.register', { pid: child, forbiddenSignals: [10] });
    expect(outer.parentLeaseId).toBeUndefined();
    expect(inner.parentLeaseId).toBe(outer.id);
    const ruling = async (signal: number): Promise<string | undefined> =>
      (await wire.call('protection.check', { pids: [grandchild], signal }))[0]?.leaseId;
    expect(await ruling(10)).toBe(inner.id);
    expect(await ruling(9)).toBe(outer.id);
    await wire.call('lease.release', { pid: grandchild });
    expect(await ruling(10)).toBeUndefined();
    expect(await ruling(9)).toBe(outer.id);
    await wire.call('lease.release', { leaseId: outer.id });
    expect((await wire.call('protection.check', { pids: [grandchild] }))[0]?.allow).toBe(true);
  });

  it('nests four deep, and says so to the fifth', async () => {
    await using served = await serve();
    const { wire } = served;
    const nest = 'if [ $1 -gt 0 ]; then echo $$; sh -c "$0" "$0" $(($1 - 1)) & wait; else echo $$; cat <&3 >/dev/null; fi';
    await using tree = runScript('sh -c "$1" "$1" 4', { args: [nest] });
    const pids: number[] = [];
    for (let level = 0; level < 5; level += 1) pids.push(Number(await tree.line()));
    let parent: string | undefined;
    for (const pid of pids.slice(0, 4)) {
      const lease = await wire.call('lease.register', { pid });
      expect(lease.parentLeaseId).toBe(parent);
      parent = lease.id;
    }
    expect(await wire.refused('lease.register', { pid: pids[4] ?? 0 })).toMatchObject({
      code: 1105,
      data: { kind: 'limitReached' },
    });
  });

  it('lets go of everything that it held of a tree', async () => {
    await using served = await serve();
    const { wire, omnid } = served;
    const before = countPidfds(omnid.pid);
    const tree = runScript('i=0; while [ $i -lt 40 ]; do cat <&3 >/dev/null & i=$((i + 1)); done; echo ready; wait');
    await tree.line();
    const { id } = await wire.call('lease.register', { pid: tree.pid });
    await wire.call('lease.list', {});
    expect((await wire.call('lease.get', { leaseId: id })).members).toBe(41);
    // A look that is under way may hold one more for a moment.
    await until(() => countPidfds(omnid.pid) === before + 41);
    await tree[Symbol.asyncDispose]();
    await until(async () => (await wire.call('lease.get', { leaseId: id })).state === 'exited');
    await until(() => countPidfds(omnid.pid) === before);
    expect(await wire.call('server.status', {})).toMatchObject({ activeLeases: 0, protectedProcesses: 0 });
  });

  it('refuses more leases of one uid, and more processes, than its limits', async () => {
    await using served = await serve({ config: '[limits]\nleasesPerUidMax = 2\nmembersMax = 3\nmembersPerLeaseMax = 2\n' });
    const { wire } = served;
    await using tree = runScript(threeGenerations);
    const [child = 0, grandchild = 0] = await pidsOf(tree);
    await using other = await startSleeper();
    await using third = await startSleeper();
    const { id } = await wire.call('lease.register', { pid: tree.pid });
    // Beyond the bound a process is not kept in mind, and is protected all the same.
    const verdicts = await wire.call('protection.check', { pids: [tree.pid, child, grandchild] });
    expect(verdicts.map(({ allow }) => allow)).toEqual([false, false, false]);
    expect((await wire.call('lease.get', { leaseId: id })).members).toBe(2);
    await wire.call('lease.register', { pid: other.pid });
    expect(await wire.refused('lease.register', { pid: third.pid })).toMatchObject({
      code: 1105,
      data: { limit: 'leasesPerUidMax' },
    });
    await wire.call('lease.release', { pid: other.pid });
    await wire.call('lease.register', { pid: third.pid });
  });
});
