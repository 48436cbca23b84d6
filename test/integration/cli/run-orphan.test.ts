import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Explanation } from '#protocol/explanation.ts';
import type { SignalEvent } from '#protocol/history.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { User, withServer, type Running } from './support/omnictl.ts';

let user: User;
let server: Omnid;

beforeAll(async () => {
  user = await User.create();
  server = await withServer(user);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

async function rowsOf(lease: string): Promise<readonly SignalEvent[]> {
  const { stdout } = await user.omnictl(['history', '--lease', lease, '--source', 'lease', '--format', 'json']);
  return JSON.parse(stdout) as readonly SignalEvent[];
}

async function leaseLabelled(label: string): Promise<string> {
  const leases = (await user.json(['list'])) as readonly { readonly id: string; readonly label: string }[];
  return leases.find((lease) => lease.label === label)?.id ?? '';
}

interface Job extends AsyncDisposable {
  readonly running: Running;
  readonly pid: number;
  readonly startTicks: string;
  readonly lease: string;
  /** The command ends by itself. */
  end(): Promise<void>;
}

/** A command under run that goes on until it is told. */
async function startJob(label: string): Promise<Job> {
  const stop = user.folder.file(`${label}.stop`);
  const script = `trap 'echo handled' USR1; echo $$; until [ -e '${stop}' ]; do sleep 0.05; done`;
  const running = user.start(['run', '--label', label, '--', 'sh', '-c', script]);
  await until(() => running.stdout().includes('\n'));
  const pid = Number(running.stdout());
  const startTicks = startTicksOf(pid);
  const end = async (): Promise<void> => {
    await writeFile(stop, '');
    await until(() => !runs(pid, startTicks));
  };
  const dispose = async (): Promise<void> => {
    await end();
    await running[Symbol.asyncDispose]();
  };
  return { running, pid, startTicks, lease: await leaseLabelled(label), end, [Symbol.asyncDispose]: dispose };
}

test('a wrapper that is killed leaves its command protected: history, why and the log tell', async () => {
  await using job = await startJob('orphan');
  const { running, pid, startTicks, lease } = job;
  running.child.kill('SIGKILL');
  const row = await until(async () => (await rowsOf(lease)).find(({ outcome }) => outcome === 'orphaned'));
  const reason = 'its wrapper was ended by SIGKILL';
  const { pid: wrapper } = running.child;
  expect(row).toMatchObject({
    source: 'lease',
    sender: { pid: wrapper, comm: 'omnictl' },
    target: { pid, startTicks },
    reason,
  });
  expect(runs(pid, startTicks)).toBe(true);
  expect(await user.omnictl(['may-kill', String(pid)])).toMatchObject({ code: 1 });
  const { stdout: told } = await user.omnictl(['why', String(pid)]);
  expect(told).toContain(' is still running.\n');
  expect(told).toMatch(new RegExp(`^lease +${lease} \\(orphan\\), active: it protects; ${reason} at .*, and it ran on$`, 'm'));
  const { lease: covering } = (await user.json(['why', lease])) as Explanation;
  expect(covering?.orphaned).toEqual({ at: row.firstAt, reason });
  const { stdout: table } = await user.omnictl(['history', '--outcome', 'orphaned']);
  expect(table).toMatch(new RegExp(` omnictl\\[${String(wrapper)}\\].* sh\\[${String(pid)}\\] +orphaned .*${reason}`));
  await server.logged('the wrapper of a command is gone; the command runs on, protected');
  await job.end();
  await until(async () => (await rowsOf(lease)).some(({ outcome }) => outcome === 'exited'));
});

test('a wrapper that waits for its command to the end is no news', async () => {
  await using job = await startJob('waited');
  job.running.child.kill('SIGUSR1');
  await until(() => job.running.stdout().includes('handled\n'));
  await job.end();
  expect(await job.running.result).toMatchObject({ code: 0 });
  await until(async () => (await rowsOf(job.lease)).some(({ outcome }) => outcome === 'exited'));
  expect((await rowsOf(job.lease)).map(({ outcome }) => outcome).toSorted()).toEqual(['exited', 'granted']);
});

test('what a command leaves running is no orphan of its wrapper', async () => {
  const script = 'sleep 1000 > /dev/null 2>&1 & echo $!';
  const { stdout } = await user.omnictl(['run', '--label', 'leaves', '--', 'sh', '-c', script]);
  const left = Number(stdout);
  try {
    const lease = await leaseLabelled('leaves');
    expect((await rowsOf(lease)).map(({ outcome }) => outcome)).toEqual(['granted']);
  } finally {
    process.kill(left, 'SIGKILL');
  }
});
