import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { runScript, type TestProcess } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';

/** File names that are hard on whoever reads /proc or writes JSON; the kernel keeps 15 bytes of them. */
const names: readonly (readonly [string, Buffer])[] = [
  ['newlines', Buffer.from('a\nUid:\t0\t0\t0\n')],
  ['parentheses and spaces', Buffer.from(') S 1 1 1 (x) ')],
  ['broken UTF-8', Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xf0, 0x9f, 0x98, 0x62])],
  ['a character that is cut in two', Buffer.from(`abcdefghijklmn${'é'}`)],
  ['terminal escapes', Buffer.from('\u001b]0;x\u0007\u001b[2J')],
  ['quotes and backslashes', Buffer.from('"\\u0000\\",{}')],
  ['a line of the status file', Buffer.from('x\nNSpid:\t1')],
];

/** Runs a copy of cat of this name: its name and its command line are both what the test says. */
async function startNamed(name: Buffer): Promise<TestProcess> {
  await using folder = await makeFolder();
  copyFileSync('/bin/cat', folder.file('plain'));
  renameSync(folder.file('plain'), Buffer.concat([Buffer.from(`${folder.path}/`), name]));
  // Node passes arguments as UTF-8 alone: the shell finds the name by itself.
  const named = runScript('echo ready; cd "$1"; exec ./* <&3', { args: [folder.path] });
  await named.line();
  await until(() => !readFileSync(`/proc/${String(named.pid)}/comm`, 'latin1').startsWith('sh'));
  return named;
}

describe.each(names)('a process whose name has %s', (_what, name) => {
  it('is registered, judged, listed, ended and recorded like any other', async () => {
    await using served = await serve();
    await using named = await startNamed(name);
    const { wire, omnid } = served;
    const { pid } = named;
    // The wire of the tests takes nothing but valid UTF-8, valid JSON, and the shapes of the method table.
    const lease = await wire.call('lease.register', { pid });
    expect(lease.identity.pid).toBe(pid);
    expect((await wire.call('protection.check', { pids: [pid] }))[0]).toMatchObject({ allow: false, leaseId: lease.id });
    expect((await wire.call('protection.snapshot', {})).processes.map(({ identity }) => identity.pid)).toEqual([pid]);
    expect((await wire.call('process.terminate', { pid })).outcome).toBe('denied');
    expect((await wire.call('process.terminate', { pid, override: true })).outcome).toBe('exited');
    const { events } = await wire.call('history.query', { target: pid, order: 'oldest' });
    const [first] = events;
    const comm = first?.target?.comm ?? '';
    expect(comm).toBe(name.subarray(0, 15).toString('utf8'));
    for (const { target } of events)
      if (target?.cmdline !== undefined) expect(target).toMatchObject({ comm, uid: process.getuid?.() });
    // It is found by that name again.
    expect((await wire.call('history.query', { target: comm })).events.length).toBe(
      events.filter(({ target }) => target?.comm === comm).length,
    );
    await omnid.stop();
    expect(omnid.log.filter(({ level }) => level >= 50)).toEqual([]);
  });
});
