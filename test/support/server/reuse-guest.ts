/**
 * Runs as the first process of a PID namespace, where pids can be forced: whoever gets a dead process's pid must get
 * nothing else of it. Prints what it saw, as JSON.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Verdict } from '#protocol/verdict.ts';
import { makeFolder } from './folder.ts';
import { Omnid } from './omnid.ts';
import { startTicksOf } from './processes.ts';
import { startHeir } from './heir.ts';
import type { Wire, WireError } from './wire.ts';

/** What the host's test looks at. */
export interface ReuseReport {
  /** A lease, a verdict and a kill by the dead one's identity: how often the pid was had again, and within one tick. */
  readonly identity: {
    reused: number;
    sameTick: number;
    verdicts: Verdict[];
    kills: WireError[];
    claims: Verdict[];
    lived: boolean;
  };
  /** A mediated kill whose target died and was replaced while omnid was stopped. */
  readonly inFlight: { outcome: string; lived: boolean };
  /** A member that connected, died, and left its connection to another; then its pid went to a newcomer. */
  readonly sender: { before: Verdict | undefined; after: Verdict | undefined };
}

const triesMax = 400;

function startSleep(): ChildProcess {
  return spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** A new process with this pid (pid_namespaces(7), ns_last_pid). @returns undefined where another took it */
async function reborn(pid: number): Promise<ChildProcess | undefined> {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
  const child = startSleep();
  if (child.pid === pid) return child;
  await end(child);
  return undefined;
}

async function rebornSurely(pid: number): Promise<ChildProcess> {
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const child = await reborn(pid);
    if (child !== undefined) return child;
  }
  throw new Error(`pid ${String(pid)} could not be had again`);
}

function lives(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function tryIdentity(wire: Wire): Promise<ReuseReport['identity']> {
  const seen: ReuseReport['identity'] = { reused: 0, sameTick: 0, verdicts: [], kills: [], claims: [], lived: true };
  for (let attempt = 0; attempt < triesMax && (seen.sameTick < 3 || seen.reused < 10); attempt += 1) {
    const first = startSleep();
    const { identity } = await wire.call('lease.register', { pid: first.pid ?? 0 });
    await end(first);
    const newcomer = await reborn(identity.pid);
    if (newcomer === undefined) continue;
    seen.reused += 1;
    if (startTicksOf(identity.pid) === identity.startTicks) seen.sameTick += 1;
    const { pid, startTicks, pidfdId } = identity;
    seen.verdicts.push(...(await wire.call('protection.check', { pids: [pid] })));
    seen.claims.push(...(await wire.call('protection.check', { identities: [identity] })));
    seen.kills.push(
      await wire.refused('process.terminate', { pid, startTicks, ...(pidfdId === undefined ? {} : { pidfdId }), signal: 9 }),
    );
    seen.lived &&= lives(newcomer);
    await end(newcomer);
  }
  return seen;
}

async function tryInFlight(omnid: Omnid, wire: Wire): Promise<ReuseReport['inFlight']> {
  const deaf = spawn('/bin/sh', ['-c', "trap '' TERM; echo ready; read -r never"], { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(deaf.stdout, 'data');
  await wire.call('history.subscribe', { source: 'mediated' });
  const answer = wire.call('process.terminate', { pid: deaf.pid ?? 0, graceMs: 50 });
  await wire.told('history.event', ({ event }) => event.signal === 15);
  omnid.signal('SIGSTOP');
  await end(deaf);
  const newcomer = await rebornSurely(deaf.pid ?? 0);
  omnid.signal('SIGCONT');
  const { outcome } = await answer;
  await wire.call('server.status', {});
  const lived = lives(newcomer);
  await end(newcomer);
  return { outcome, lived };
}

async function trySender(omnid: Omnid, wire: Wire): Promise<ReuseReport['sender']> {
  await using heir = await startHeir(omnid.socket);
  await wire.call('lease.register', { pid: heir.root });
  const [before] = await heir.wire.call('protection.check', { pids: [heir.root] });
  await heir.orphan();
  const newcomer = await rebornSurely(heir.member);
  const [after] = await heir.wire.call('protection.check', { pids: [heir.root] });
  await end(newcomer);
  return { before, after };
}

await using folder = await makeFolder();
await using omnid = await Omnid.start({ folder });
await using wire = await omnid.connect();
const report: ReuseReport = {
  identity: await tryIdentity(wire),
  inFlight: await tryInFlight(omnid, wire),
  sender: await trySender(omnid, wire),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
