import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { Guard } from '../../../support/guard.ts';
import { send, ways } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** To the whole process, and to a thread that is not its leader. */
export async function run(): Promise<void> {
  const target = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("ready")'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(target.stdout, 'data');
  const pid = target.pid ?? 0;
  const thread =
    readdirSync(`/proc/${String(pid)}/task`)
      .map(Number)
      .find((tid) => tid !== pid) ?? 0;
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(pid, 1n);
  for (const way of ways) {
    assert.equal(await send(way, pid, 9), EPERM, way);
    assert.equal(await send(way, pid, 9, thread), EPERM, `${way} of thread ${String(thread)}`);
    assert.equal(await send(way, pid, 0), 0, `${way}, signal 0`);
  }
  assert.equal(target.exitCode ?? target.signalCode, null);
  const denied = (code: string): number => guard.log.count((event) => event.outcome === 'denied' && event.code === code);
  const expected = { user: 2, tkill: 4, queue: 4 };
  // kill and pidfd_send_signal of it are SI_USER, the tkills SI_TKILL, the queued ones SI_QUEUE.
  await guard.log.first(({ code }) => code === 'queue');
  assert.equal(denied('user') + denied('tkill') + denied('queue'), 12);
  assert.equal(denied('tkill'), expected.tkill);
  assert.equal(denied('queue'), expected.queue);
}
