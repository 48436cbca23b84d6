import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Wire } from '#test/support/server/wire.ts';
import { startRelay } from '#test/support/server/relay.ts';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

const isRoot = process.getuid?.() === 0;
const canUnshare = isRoot && spawnSync('unshare', ['--fork', '--pid', '--mount-proc', 'true']).status === 0;

/** Two users who need no account: the kernel asks for numbers alone. */
const ada = 41_001;
const bob = 41_002;

/** Another user may not be let into the folder that node is in. */
const canBeOthers = isRoot && spawnSync(process.execPath, ['--version'], { uid: ada, gid: ada }).status === 0;
const canMapUsers = canBeOthers && spawnSync('unshare', ['--user', '--map-root-user', 'true']).status === 0;

interface World extends AsyncDisposable {
  readonly served: Served;
  readonly root: Wire;
  readonly ada: Wire;
  readonly bob: Wire;
}

/** A server for everybody, and a connection of each. */
async function world(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const served = stack.use(await serve({ scope: 'system' }));
  const ofAda = stack.use(await startRelay(served.omnid.socket, { uid: ada }));
  const ofBob = stack.use(await startRelay(served.omnid.socket, { uid: bob }));
  const owned = stack.move();
  return { served, root: served.wire, ada: ofAda.wire, bob: ofBob.wire, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe.skipIf(!canBeOthers)(
  `rights of two users and root${canBeOthers ? '' : ' (skipped: needs root, and a node that others may run)'}`,
  () => {
    it('lets a user register what is his, and root anything', async () => {
      await using users = await world();
      await using sleeper = await startSleeper({ uid: ada });
      await using other = await startSleeper({ uid: ada });
      expect(await users.bob.refused('lease.register', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
      expect((await users.ada.call('lease.register', { pid: sleeper.pid })).uid).toBe(ada);
      expect((await users.root.call('lease.register', { pid: other.pid })).uid).toBe(0);
      expect(await users.ada.refused('lease.register', { pid: other.pid })).toMatchObject({ code: 1103 });
      expect(await users.ada.refused('lease.register', { pid: users.served.omnid.pid })).toMatchObject({ code: 1003 });
      expect(await users.root.refused('lease.register', { pid: 1 })).toMatchObject({ code: 1003 });
    });

    it('registers no process of which a user has only some of the uids', async () => {
      await using users = await world();
      // Real uid of ada's, effective and saved of root: what a set-user-ID program is.
      await using half = runScript(`exec setpriv --ruid ${String(ada)} --clear-groups cat <&3`);
      await until(() => readFileSync(`/proc/${String(half.pid)}/status`, 'latin1').includes(`\nUid:\t${String(ada)}\t0\t0\t`));
      expect(await users.ada.refused('lease.register', { pid: half.pid })).toMatchObject({ code: 1003 });
    });

    it('lets nobody renew, release or override what is another user’s', async () => {
      await using users = await world();
      await using sleeper = await startSleeper({ uid: ada });
      const { id } = await users.ada.call('lease.register', { pid: sleeper.pid });
      expect(await users.bob.refused('lease.renew', { leaseId: id })).toMatchObject({ code: 1003 });
      expect(await users.bob.refused('lease.release', { leaseId: id })).toMatchObject({ code: 1003 });
      expect(await users.bob.refused('lease.release', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
      expect(await users.bob.refused('process.terminate', { pid: sleeper.pid, override: true })).toMatchObject({ code: 1003 });
      expect(await users.ada.call('lease.get', { leaseId: id })).toMatchObject({ state: 'active', renewedAt: null });
      expect((await users.root.call('lease.renew', { leaseId: id })).state).toBe('active');
      expect((await users.root.call('lease.release', { leaseId: id })).state).toBe('revoked');
    });

    it('overrides one’s own lease, but not another’s around it', async () => {
      await using users = await world();
      await using tree = runScript('cat <&3 & echo $!; wait', { uid: ada });
      const inner = Number(await tree.line());
      await users.root.call('lease.register', { pid: tree.pid });
      await users.ada.call('lease.register', { pid: inner });
      expect(await users.ada.refused('process.terminate', { pid: inner, override: true })).toMatchObject({ code: 1003 });
      expect(await users.root.call('process.terminate', { pid: inner, override: true })).toMatchObject({ outcome: 'exited' });
      const { events } = await users.root.call('history.query', { target: inner, source: 'mediated' });
      expect(events[0]).toMatchObject({ override: true, outcome: 'delivered', termination: 'exited' });
    });

    it('shows nobody another user’s label and reason, nor finds by them', async () => {
      await using users = await world();
      await using sleeper = await startSleeper({ uid: ada });
      const { id } = await users.ada.call('lease.register', { pid: sleeper.pid, label: 'payroll', reason: 'end of month' });
      expect(await users.bob.call('lease.get', { leaseId: id })).toMatchObject({ uid: ada, label: null, reason: null });
      expect((await users.bob.call('lease.list', {})).leases).toMatchObject([{ id, label: null, reason: null }]);
      expect((await users.bob.call('lease.list', { label: 'payroll' })).leases).toEqual([]);
      for (const own of [users.ada, users.root]) {
        expect((await own.call('lease.list', { label: 'payroll' })).leases).toMatchObject([{ id, reason: 'end of month' }]);
      }
      await users.ada.call('lease.release', { leaseId: id });
      expect((await users.bob.call('lease.list', { state: 'any', label: 'payroll' })).leases).toEqual([]);
      expect(await users.bob.call('lease.get', { leaseId: id })).toMatchObject({ state: 'released', label: null });
    });

    it('shows nobody another user’s command lines in history, then or live', async () => {
      await using users = await world();
      await users.bob.call('history.subscribe', {});
      await using stubborn = runScript("trap '' TERM; echo ready; cat <&3", { uid: ada, args: ['--password=hunter2'] });
      await stubborn.line();
      await users.ada.call('lease.register', { pid: stubborn.pid, reason: 'secret plan' });
      await users.ada.call('process.terminate', { pid: stubborn.pid, override: true, graceMs: 0, reason: 'secret plan' });
      const { event } = await users.bob.told(
        'history.event',
        (told) => told.event.signal === 9 && told.event.termination === 'killed',
      );
      const seen = JSON.stringify([event, await users.bob.call('history.query', { target: stubborn.pid })]);
      expect(seen).not.toMatch(/hunter2|secret plan|cmdline|"exe"|cgroup/);
      expect(event.target).toMatchObject({ pid: stubborn.pid, uid: ada });
      expect(JSON.stringify(await users.ada.call('history.query', { target: stubborn.pid }))).toMatch(
        /hunter2.*secret plan|secret plan.*hunter2/,
      );
    });

    it('terminates by kill(2)’s rule for the one who asks, though the server is root', async () => {
      await using users = await world();
      await using ofAda = await startSleeper({ uid: ada });
      await using another = await startSleeper({ uid: ada });
      await using ofRoot = await startSleeper();
      expect(await users.bob.refused('process.terminate', { pid: ofAda.pid })).toMatchObject({ code: 1003 });
      expect(await users.bob.refused('process.terminate', { pid: ofRoot.pid })).toMatchObject({ code: 1003 });
      expect(await users.ada.call('process.terminate', { pid: ofAda.pid })).toMatchObject({ outcome: 'exited' });
      expect(await users.root.call('process.terminate', { pid: another.pid })).toMatchObject({ outcome: 'exited' });
      expect(ofRoot.child.exitCode).toBeNull();
    });

    it('protects no process of another user’s that carries a copy of the marker', async () => {
      await using users = await world();
      await using sleeper = await startSleeper({ uid: ada });
      const marker = 'copied-from-the-environment';
      const lease = await users.ada.call('lease.register', { pid: sleeper.pid, marker });
      await using own = await startSleeper({ uid: ada, env: { OMNIMIND_LEASE: marker } });
      await using copied = await startSleeper({ uid: bob, env: { OMNIMIND_LEASE: marker } });
      await using thief = await startRelay(users.served.omnid.socket, { uid: bob, env: { OMNIMIND_LEASE: marker } });
      const verdicts = await users.root.call('protection.check', { pids: [own.pid, copied.pid, thief.pid] });
      expect(verdicts.map(({ rule, leaseId }) => [rule, leaseId])).toEqual([
        ['lease', lease.id],
        ['unprotected', undefined],
        ['unprotected', undefined],
      ]);
      expect((await thief.wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({
        allow: false,
        leaseId: lease.id,
      });
    });

    it('counts limits for each user by himself', async () => {
      await using served = await serve({
        scope: 'system',
        config: '[limits]\nleasesPerUidMax = 1\nconnectionsPerUidMax = 2\n',
      });
      await using ofAda = await startRelay(served.omnid.socket, { uid: ada });
      await using ofBob = await startRelay(served.omnid.socket, { uid: bob });
      await using first = await startSleeper({ uid: ada });
      await using second = await startSleeper({ uid: ada });
      await using other = await startSleeper({ uid: bob });
      await ofAda.wire.call('lease.register', { pid: first.pid });
      expect(await ofAda.wire.refused('lease.register', { pid: second.pid })).toMatchObject({ code: 1105 });
      await ofBob.wire.call('lease.register', { pid: other.pid });
      await using another = await startRelay(served.omnid.socket, { uid: ada });
      await using over = await startRelay(served.omnid.socket, { uid: ada });
      expect(await over.wire.next()).toMatchObject({ error: { code: -32001 } });
      await another.wire.call('server.status', {});
      await using spare = await startRelay(served.omnid.socket, { uid: bob });
      await spare.wire.call('server.status', {});
    });

    it('serves one user alone where it is a user’s: others are outside its scope', async () => {
      await using served = await serve();
      await using sleeper = await startSleeper({ uid: ada });
      expect((await served.wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({
        allow: false,
        rule: 'outsideScope',
      });
      expect(await served.wire.refused('lease.register', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
      await expect(startRelay(served.omnid.socket, { uid: bob })).rejects.toThrow(/EACCES/);
    });
  },
);

describe.skipIf(!canUnshare)(`a peer in another PID namespace${canUnshare ? '' : ' (skipped: needs root and unshare)'}`, () => {
  it('is refused wherever it says a pid, and can register itself', async () => {
    await using served = await serve();
    await using inside = await startRelay(served.omnid.socket, {
      prefix: ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child'],
    });
    expect(inside.pid).toBe(1);
    const { pid } = inside;
    expect(await inside.wire.refused('lease.register', { pid })).toMatchObject({ code: 1003 });
    expect(await inside.wire.refused('protection.check', { pids: [pid] })).toMatchObject({ code: 1003 });
    expect(await inside.wire.refused('process.terminate', { pid })).toMatchObject({ code: 1003 });
    expect(await inside.wire.refused('lease.release', { pid })).toMatchObject({ code: 1003 });
    const lease = await inside.wire.call('lease.register', {});
    expect(lease.identity.pid).toBeGreaterThan(1);
    const [verdict] = await served.wire.call('protection.check', { pids: [lease.identity.pid] });
    expect(verdict).toMatchObject({ allow: false, leaseId: lease.id });
  });
});

describe.skipIf(!canMapUsers)(
  `root of a user namespace of its own${canMapUsers ? '' : ' (skipped: needs root and user namespaces)'}`,
  () => {
    it('is no root here', async () => {
      await using served = await serve({ scope: 'system' });
      await using sleeper = await startSleeper({ uid: ada });
      const lease = await served.wire.call('lease.register', { pid: sleeper.pid });
      await using contained = await startRelay(served.omnid.socket, {
        uid: bob,
        prefix: ['unshare', '--user', '--map-root-user'],
      });
      expect(await contained.wire.refused('lease.register', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
      expect(await contained.wire.refused('lease.release', { leaseId: lease.id })).toMatchObject({ code: 1003 });
      await using mapped = await startRelay(served.omnid.socket, { prefix: ['unshare', '--user', '--map-root-user'] });
      await using other = await startSleeper({ uid: ada });
      expect(await mapped.wire.refused('lease.register', { pid: other.pid })).toMatchObject({ code: 1003 });
      expect(await mapped.wire.refused('process.terminate', { pid: other.pid })).toMatchObject({ code: 1003 });
    });

    it('is no root here either where its uids are all as ours', async () => {
      await using served = await serve({ scope: 'system' });
      await using sleeper = await startSleeper({ uid: ada });
      const ours = readlinkSync('/proc/self/ns/user');
      await using identical = await startRelay(served.omnid.socket, {
        prefix: ['unshare', '--user', 'sh', '-c', 'until [ "$(cat /proc/self/uid_map)" ]; do :; done; exec "$@"', 'sh'],
        onSpawn: (pid) => {
          void until(() => readlinkSync(`/proc/${String(pid)}/ns/user`) !== ours).then(() => {
            writeFileSync(`/proc/${String(pid)}/uid_map`, readFileSync('/proc/self/uid_map'));
          });
        },
      });
      expect(readFileSync(`/proc/${String(identical.root.pid)}/uid_map`, 'utf8')).toBe(
        readFileSync('/proc/self/uid_map', 'utf8'),
      );
      expect(await identical.wire.refused('lease.register', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
      expect(await identical.wire.refused('process.terminate', { pid: sleeper.pid })).toMatchObject({ code: 1003 });
    });
  },
);
