import { readFileSync, readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

/** Mapped pages of its own program's code, KiB. */
function codeKib(pid: number): number {
  const program = readlinkSync(`/proc/${String(pid)}/exe`);
  let isCode = false;
  let kib = 0;
  for (const line of readFileSync(`/proc/${String(pid)}/smaps`, 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isCode = line.includes(' r-xp ') && line.endsWith(` ${program}`);
    else if (isCode && line.startsWith('Rss:')) kib += Number(/\d+/.exec(line)?.[0]);
  }
  return kib;
}

it('gives back the code that it does not run once it is left alone, and answers as before', async () => {
  await using folder = await makeFolder();
  await using omnid = await Omnid.start({ folder, args: ['--log-level', 'debug'] });
  await using wire = await omnid.connect();
  await using sleeper = await startSleeper();
  const { id } = await wire.call('lease.register', { pid: sleeper.pid });
  const rests = (): number => omnid.log.filter(({ msg }) => msg === 'resting').length;
  let before: number;
  let busyKib: number;
  // What is mapped while it works: a rest may come between the answer and the look.
  do {
    before = rests();
    await wire.call('server.status', {});
    busyKib = codeKib(omnid.pid);
  } while (rests() !== before);
  await until(() => rests() > before);
  expect(codeKib(omnid.pid)).toBeLessThan(busyKib / 2);
  expect((await wire.call('protection.check', { pids: [sleeper.pid] }))[0]).toMatchObject({ allow: false, leaseId: id });
  // And rests again.
  const again = rests();
  await until(() => rests() > again);
});
