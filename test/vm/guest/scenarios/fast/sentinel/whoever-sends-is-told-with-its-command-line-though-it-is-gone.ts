import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { stranger, strangersScript } from '../../../support/strangers.ts';

interface Case {
  readonly comm: string;
  readonly cmdline: (pid: number) => string;
  readonly signal: number;
  readonly send: (pid: number) => Promise<unknown>;
}

const cases: readonly Case[] = [
  {
    comm: 'kill',
    cmdline: (pid) => `/usr/bin/kill -9 ${String(pid)}`,
    signal: 9,
    send: (pid) => stranger(['/usr/bin/kill', '-9', String(pid)]),
  },
  {
    comm: 'sh',
    cmdline: (pid) => `/bin/sh -c kill -TERM "$1" sh ${String(pid)}`,
    signal: 15,
    send: (pid) => strangersScript('kill -TERM "$1"', pid),
  },
  {
    comm: 'pkill',
    cmdline: () => `pkill -KILL -P ${String(process.pid)} --newest cat`,
    signal: 9,
    send: () => stranger(['pkill', '-KILL', '-P', String(process.pid), '--newest', 'cat']),
  },
  {
    comm: 'perl',
    cmdline: (pid) => `perl -e kill 9, $ARGV[0] -- ${String(pid)}`,
    signal: 9,
    send: (pid) => stranger(['perl', '-e', 'kill 9, $ARGV[0]', '--', String(pid)]),
  },
];

export async function run(): Promise<void> {
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  for (const { comm, cmdline, signal, send } of cases) {
    await using target: TestProcess = await startSleeper();
    await send(target.pid);
    const seen = await log.first((event) => event.target.pid === target.pid && event.signal === signal);
    assert.deepEqual([seen.sender.comm, seen.sender.cmdline, seen.sender.uid], [comm, cmdline(target.pid), 0]);
    assert.ok(seen.sender.ancestry.some(({ pid }) => pid === process.pid));
    assert.equal(seen.sender.ancestry.at(-1)?.pid, 1);
  }
  // busybox's timeout, as Debian's, is the parent of its command.
  await stranger(['timeout', '-s', 'KILL', '1', 'sleep', '1000']);
  const timedOut = await log.first(({ sender, signal }) => sender.comm === 'timeout' && signal === 9);
  assert.equal(timedOut.target.comm, 'sleep');
}
