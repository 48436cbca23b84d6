import assert from 'node:assert/strict';
import { startOmnid, omnictl } from '../../support/system-omnid.ts';

/** What it writes to a file in memory is charged to its cgroup, and in no process's resident memory. */
const filledBytes = 30 * 2 ** 20;

/** Tells its unit, and what the manager says of it. */
const show =
  `head -c ${String(filledBytes)} /dev/zero > /dev/shm/omnimind-fill; ` +
  'unit=$(basename "$(cut -d: -f3 /proc/self/cgroup)"); echo "$unit $$ $OMNIMIND_SCRIPT_PID"; ' +
  'systemctl show -p ManagedOOMPreference,MemoryHigh,CPUWeight "$unit"; omnictl list --json; rm /dev/shm/omnimind-fill';

export async function run(): Promise<void> {
  await using _omnid = await startOmnid();
  const limits = ['--memory-high', '64M', '--cpu-weight', '50'];
  const script = show.replace('omnictl', '/omnimind/node_modules/.bin/omnictl');
  const said = await omnictl('run', '--require', '--label', 'scoped', ...limits, '--', '/bin/sh', '-c', script);
  const [head = '', ...rest] = said.split('\n');
  const [unit = '', pid, scriptPid] = head.split(' ');
  assert.match(unit, /^omnimind-run-\d+-[\w-]{43}\.scope$/, said);
  assert.equal(pid, scriptPid);
  assert.ok(rest.includes('ManagedOOMPreference=omit'), said);
  assert.ok(rest.includes(`MemoryHigh=${String(64 * 2 ** 20)}`), said);
  assert.ok(rest.includes('CPUWeight=50'), said);
  // Protected under the pid that it was held with.
  const leases = JSON.parse(rest.find((line) => line.startsWith('[')) ?? '[]') as {
    label: string;
    identity: { pid: number };
    usage: { memoryBytes: number };
  }[];
  const lease = leases.find(({ label }) => label === 'scoped');
  assert.equal(lease?.identity.pid, Number(pid));
  assert.ok(lease.usage.memoryBytes > filledBytes, said);
}
