import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { User, withServer } from './support/omnictl.ts';

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

const mount = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'latin1'))?.[1];

/** Where groups of commands come into, where this test is. */
function whyNoCgroup(): string | undefined {
  const own = cgroupOf('self');
  if (mount === undefined || own === undefined) return 'no cgroup v2 is mounted here';
  const parent = join(mount, own === '/' ? own : dirname(own));
  try {
    accessSync(parent, constants.W_OK);
    return undefined;
  } catch {
    return `${parent} is not ours to write to`;
  }
}

function cgroupOf(pid: number | 'self'): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'latin1'))?.[1];
}

const reason = whyNoCgroup();
const skipped = reason === undefined ? '' : ` (skipped: no cgroup to be had: ${reason})`;

interface Listed {
  readonly id: string;
  readonly label: string;
  readonly rootAlive: boolean;
  readonly usage: { readonly pids: readonly number[]; readonly cpuPercent: number; readonly memoryBytes: number } | null;
}

async function listed(label: string): Promise<Listed | undefined> {
  return ((await user.json(['list'])) as readonly Listed[]).find((lease) => lease.label === label);
}

/** Leaves a process to init that says nothing of where it came from: neither parent nor environment. */
const leaves = 'setsid env -i sh -c "sleep 1000 > /dev/null & echo \\$!" < /dev/null 2> /dev/null';

test.skipIf(reason !== undefined)(
  `who is left in the command's cgroup is protected, whatever its parent and environment${skipped}`,
  async () => {
    // So soon that no look finds it while its parent is there: by its cgroup alone it is known.
    const { stdout } = await user.omnictl(['run', '--label', 'left', '--no-log', '--', 'sh', '-c', leaves]);
    const pid = Number(stdout);
    try {
      expect(readFileSync(`/proc/${String(pid)}/environ`, 'latin1')).not.toContain('OMNIMIND_LEASE');
      expect(await user.omnictl(['may-kill', String(pid)])).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('lease ls-'),
      });
      expect(await listed('left')).toMatchObject({ rootAlive: false, usage: { pids: [pid] } });
      // It is known again by a server that has nothing but the database.
      await server[Symbol.asyncDispose]();
      server = await withServer(user);
      expect(await user.omnictl(['may-kill', String(pid)])).toMatchObject({ code: 1 });
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    await until(async () => (await listed('left')) === undefined);
  },
);

test.skipIf(reason !== undefined)(
  `the cgroup of a command whose wrapper was killed is removed by the server at its end${skipped}`,
  async () => {
    const stop = user.folder.file('stop');
    const script = `echo $$; until [ -e '${stop}' ]; do sleep 0.05; done`;
    await using running = user.start(['run', '--label', 'orphan', '--', 'sh', '-c', script]);
    await until(() => running.stdout().includes('\n'));
    const pid = Number(running.stdout());
    const startTicks = startTicksOf(pid);
    const folder = join(mount ?? '', cgroupOf(pid) ?? '');
    expect(folder).toContain('/omnimind-run-');
    running.child.kill('SIGKILL');
    await server.logged('the wrapper of a command is gone; the command runs on, protected');
    expect(existsSync(folder)).toBe(true);
    await writeFile(stop, '');
    await until(() => !runs(pid, startTicks));
    await until(() => !existsSync(folder));
  },
);

interface Row {
  readonly label: string;
  readonly cpuPercent: number;
}

test.skipIf(reason !== undefined)(
  `list and top count what the command's ended children used, by its cgroup${skipped}`,
  async () => {
    const burn = "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'";
    const script = `${burn}; ${burn}; echo $$; exec sleep 1000`;
    const started = performance.now();
    await using running = user.start(['run', '--label', 'burns', '--no-log', '--', 'sh', '-c', script]);
    await until(() => running.stdout().includes('\n'));
    const pid = Number(running.stdout());
    const stat = readFileSync(join(mount ?? '', cgroupOf(pid) ?? '', 'cpu.stat'), 'latin1');
    const usedSeconds = Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e6;
    const [user_, system] =
      readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
        .split(') ')[1]
        ?.split(' ')
        .slice(11, 13) ?? [];
    expect((Number(user_) + Number(system)) / 100).toBeLessThan(usedSeconds / 2);
    const inList = (await listed('burns'))?.usage?.cpuPercent ?? 0;
    const top = JSON.parse((await user.omnictl(['top', '--json', '--count', '1'])).stdout) as { readonly rows: readonly Row[] };
    const inTop = top.rows.find(({ label }) => label === 'burns')?.cpuPercent ?? 0;
    // Averaged over its life, which is shorter than what has passed here.
    const leastPercent = (100 * usedSeconds) / ((performance.now() - started) / 1000);
    expect(inList).toBeGreaterThanOrEqual(leastPercent);
    expect(inTop).toBeGreaterThanOrEqual(leastPercent);
    running.child.kill('SIGTERM');
    expect(await running.result).toMatchObject({ code: 143 });
  },
);
