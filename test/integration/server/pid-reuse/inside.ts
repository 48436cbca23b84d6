// Runs as root in a PID namespace of its own, where pids can be chosen. Prints one line of JSON for each scenario.
import assert from 'node:assert/strict';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import type { TestProcess } from '#test/support/server/processes.ts';
import type { Wire } from '#test/support/server/wire.ts';
import { startMember } from './member.ts';
import { startNow, startWithPid, type Newcomer } from './newcomer.ts';

/** A pair in the same clock tick comes by chance: so often it is tried. */
const triesMax = 400;

interface World {
  readonly omnid: Omnid;
  readonly wire: Wire;
  /** Starts the next server in the same folder. */
  restart(): Promise<{ omnid: Omnid; wire: Wire }>;
}

interface Pair extends AsyncDisposable {
  /** The process that is gone, as the server knew it. */
  readonly old: { readonly pid: number; readonly startTicks: string; readonly pidfdId?: string };
  readonly leaseId: string;
  readonly newcomer: Newcomer;
}

/**
 * A process is registered and ends; another gets its pid before the server, which stands still, can see that. The
 * server is left standing.
 */
async function exchange({ omnid, wire }: World): Promise<Pair> {
  await using first = await startNow();
  const { id: leaseId, identity: old } = await wire.call('lease.register', { pid: first.pid });
  omnid.signal('SIGSTOP');
  await first.kill();
  const newcomer = await startWithPid(old.pid);
  return { old, leaseId, newcomer, [Symbol.asyncDispose]: () => newcomer[Symbol.asyncDispose]() };
}

/** The same, with both started in one clock tick: their start times are equal. @returns undefined after too many tries */
async function exchangeWithinTick(world: World): Promise<Pair | undefined> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const pair = await exchange(world);
    if (pair.newcomer.startTicks === pair.old.startTicks) return pair;
    world.omnid.signal('SIGCONT');
    await pair[Symbol.asyncDispose]();
  }
  return undefined;
}

/** Neither lease nor verdict nor kill reaches the newcomer. */
async function expectUntouched(wire: Wire, { old, leaseId, newcomer }: Pair): Promise<void> {
  const { pid } = old;
  const { pidfdId } = old;
  const named = { pid, startTicks: old.startTicks, ...(pidfdId === undefined ? {} : { pidfdId }) };
  const isSameTick = newcomer.startTicks === old.startTicks;
  const isToldApart = !isSameTick || pidfdId !== undefined;
  assert.equal((await wire.call('protection.check', { pids: [pid] }))[0]?.rule, 'unprotected');
  if (isToldApart) {
    assert.equal((await wire.call('protection.check', { identities: [named] }))[0]?.rule, 'identityMismatch');
    assert.equal((await wire.refused('process.terminate', { ...named, signal: 9 })).data.kind, 'identityMismatch');
    assert.equal((await wire.refused('lease.register', named)).data.kind, 'identityMismatch');
  }
  assert.equal((await wire.refused('lease.release', { pid })).data.kind, 'leaseNotFound');
  assert.equal((await wire.call('lease.get', { leaseId })).state, 'exited');
  const { processes } = await wire.call('protection.snapshot', { limit: 1000 });
  assert.ok(!processes.some(({ identity }) => identity.pid === pid));
  assert.equal((await wire.refused('lease.renew', { leaseId })).data.kind, 'leaseEnded');
  newcomer.assertRuns();
}

async function verdicts(world: World, pair: Pair): Promise<void> {
  // Asked while the server stands: it answers before, or after, it has seen the exit.
  const answer = world.wire.call('protection.check', { pids: [pair.old.pid] });
  world.omnid.signal('SIGCONT');
  assert.equal((await answer)[0]?.rule, 'unprotected');
  await expectUntouched(world.wire, pair);
}

async function afterRestart(world: World, pair: Pair): Promise<void> {
  await world.omnid.kill();
  const { wire } = await world.restart();
  await expectUntouched(wire, pair);
}

/** The grace is over while the server stands: it must not take the newcomer for who did not end. */
async function grace({ omnid, wire }: World): Promise<void> {
  await using first = await startNow("trap '' TERM; echo ready; exec cat <&3");
  await first.line();
  await using watcher = await omnid.connect();
  await watcher.call('history.subscribe', { source: 'mediated' });
  const graceMs = 250;
  const ending = wire.call('process.terminate', { pid: first.pid, graceMs });
  await watcher.told('history.event', ({ event }) => event.outcome === 'intended');
  omnid.signal('SIGSTOP');
  await first.kill();
  await using newcomer = await startWithPid(first.pid);
  await new Promise((resolve) => setTimeout(resolve, 2 * graceMs));
  omnid.signal('SIGCONT');
  assert.equal((await ending).outcome, 'exited');
  newcomer.assertRuns();
  const { events } = await wire.call('history.query', { signal: 9, target: first.pid });
  assert.deepEqual(events, []);
}

/** A child of a registered tree ends; its pid passes to a process outside. */
async function treeMember({ omnid, wire }: World): Promise<void> {
  await using tree: TestProcess = await startNow(
    'sleep 1000 >/dev/null & echo $!; read -r go <&3; kill $!; wait; echo gone; exec cat <&3',
  );
  const child = Number(await tree.line());
  const { id } = await wire.call('lease.register', { pid: tree.pid });
  assert.equal((await wire.call('protection.check', { pids: [child] }))[0]?.leaseId, id);
  omnid.signal('SIGSTOP');
  tree.say('go\n');
  await tree.line();
  await using newcomer = await startWithPid(child);
  const answer = wire.call('protection.check', { pids: [child, tree.pid] });
  omnid.signal('SIGCONT');
  assert.deepEqual(
    (await answer).map(({ rule }) => rule),
    ['unprotected', 'lease'],
  );
  assert.equal((await wire.call('lease.get', { leaseId: id })).members, 1);
  assert.equal((await wire.call('process.terminate', { pid: child, signal: 9 })).outcome, 'killed');
  await newcomer.ended;
}

/** A member's connection is kept by another process after its end, and its pid passes to a stranger. */
async function senderReused({ omnid, wire }: World): Promise<void> {
  await using member = await startMember(omnid.socket);
  const { id } = await wire.call('lease.register', { pid: member.treePid });
  const asked = { pids: [member.treePid] };
  assert.equal((await member.wire.call('protection.check', asked))[0]?.rule, 'ownTree');
  await member.end();
  await using newcomer = await startWithPid(member.pid);
  const [onTree, onNewcomer] = await member.wire.call('protection.check', { pids: [member.treePid, newcomer.pid] });
  assert.deepEqual([onTree?.rule, onTree?.leaseId], ['lease', id]);
  assert.equal(onNewcomer?.rule, 'unprotected');
  assert.equal((await member.wire.call('process.terminate', { pid: member.treePid })).outcome, 'denied');
  assert.equal((await member.wire.refused('lease.register', {})).data.kind, 'processNotFound');
  await wire.call('lease.register', { pid: newcomer.pid });
  assert.equal((await member.wire.call('protection.check', { pids: [newcomer.pid] }))[0]?.rule, 'lease');
  // The row names the member that asked, not who has its pid now.
  const { events } = await wire.call('history.query', { source: 'mediated' });
  assert.equal(events[0]?.requester?.pid, member.pid);
  assert.equal(events[0].requester.startTicks ?? member.startTicks, member.startTicks);
  newcomer.assertRuns();
}

const scenarios: Readonly<Record<string, (world: World) => Promise<string | void>>> = {
  verdicts: async (world) => {
    await using pair = await exchange(world);
    await verdicts(world, pair);
  },
  restart: async (world) => {
    await using pair = await exchange(world);
    await afterRestart(world, pair);
  },
  'verdicts, same tick': async (world) => {
    const pair = await exchangeWithinTick(world);
    if (pair === undefined) return `no two processes of one pid in one clock tick in ${String(triesMax)} tries`;
    await using _pair = pair;
    return await verdicts(world, pair);
  },
  'restart, same tick': async (world) => {
    const pair = await exchangeWithinTick(world);
    if (pair === undefined) return `no two processes of one pid in one clock tick in ${String(triesMax)} tries`;
    await using _pair = pair;
    return await afterRestart(world, pair);
  },
  grace,
  treeMember,
  senderReused,
};

// The namespace, and all that is in it, ends with the test that waits for us.
process.stdin.on('end', () => process.exit()).resume();

for (const [name, run] of Object.entries(scenarios)) {
  let result: { name: string; skip?: string; error?: string } = { name };
  try {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await makeFolder());
    const start = async (): Promise<{ omnid: Omnid; wire: Wire }> => {
      const omnid = stack.use(await Omnid.start({ folder }));
      const wire = stack.use(await omnid.connect());
      return { omnid, wire };
    };
    const skip = await run({ ...(await start()), restart: start });
    if (typeof skip === 'string') result = { name, skip };
  } catch (error) {
    result = { name, error: (error as Error).stack ?? String(error) };
  }
  console.log(JSON.stringify(result));
}
process.exit();
