import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { runScript, startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { stranger, strangersPerl } from '../../../support/strangers.ts';

/** The documentation names these: the kernel sends by itself, and no hook is asked. */
export async function run(): Promise<void> {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '';
  const group = `/sys/fs/cgroup${own.slice(0, own.lastIndexOf('/'))}/killed`;
  mkdirSync(group);
  await using byCgroup = await startSleeper();
  await using byTracer = await startSleeper();
  await using byLimit = runScript('read -r go <&3; while :; do :; done');
  await using parent = runScript('perl -e \'syscall(157, 1, 9, 0, 0, 0); $| = 1; print "$$\\n"; sleep 1000\' & wait');
  const byParent = Number(await parent.line());
  await using init = runScript('exec unshare --pid --fork sh -c "echo ready; cat <&3 & wait"');
  await init.line();
  const inNamespace = Number((await stranger(['pgrep', '-P', String(init.pid)])).stdout.trim());

  await using guard = new Guard();
  guard.lease(1n);
  for (const pid of [byCgroup.pid, byTracer.pid, byLimit.pid, byParent, parent.pid, inNamespace]) guard.mark(pid, 1n);

  // cgroup.kill, as systemd-oomd does it.
  writeFileSync(`${group}/cgroup.procs`, String(byCgroup.pid));
  writeFileSync(`${group}/cgroup.kill`, '1');
  await byCgroup.ended;
  const killed = await guard.log.first(({ target, signal }) => target.pid === byCgroup.pid && signal === 9);
  assert.deepEqual([killed.outcome, killed.sender.pid, killed.leaseNumber], ['delivered', process.pid, 1n]);

  // A debugger that takes its targets along (ptrace(2): PTRACE_SEIZE with PTRACE_O_EXITKILL).
  const tracer = await strangersPerl('print syscall(101, 0x4206, $ARGV[0] + 0, 0, 0x100000)', byTracer.pid);
  assert.equal(tracer.stdout, '0', tracer.stderr);
  await byTracer.ended;

  // A limit of CPU time that another process sets.
  byLimit.say('go\n');
  assert.equal((await stranger(['prlimit', '--pid', String(byLimit.pid), '--cpu=1:1'])).code, 0);
  await byLimit.ended;

  // The end of a parent, for a child that asked to go with it (PR_SET_PDEATHSIG). It is an ancestor who ends the parent.
  await parent.kill();
  await guard.log.first(({ target, signal, outcome }) => target.pid === byParent && signal === 9 && outcome === 'delivered');

  // The end of a PID namespace's init takes all that is in it.
  const [inside = 0] = (await stranger(['pgrep', '-P', String(inNamespace)])).stdout.trim().split('\n').map(Number);
  assert.equal(guard.markOf(inNamespace), 1n);
  process.kill(inNamespace, 'SIGKILL');
  await until(() => !readable(`/proc/${String(inside)}/stat`));
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length > 0;
  } catch {
    return false;
  }
}
