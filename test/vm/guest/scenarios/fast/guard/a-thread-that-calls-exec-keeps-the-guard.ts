import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** The thread becomes the leader, with the pid of the process; its mark must come along. */
const program = `
  const { Worker, isMainThread } = require('node:worker_threads');
  const koffi = require('/omnimind/node_modules/koffi');
  if (isMainThread) {
    process.stdin.once('data', (line) => {
      new Worker(__filename);
      // The leader may be gone before the thread calls exec.
      if (line.toString() === 'exit\\n') setTimeout(() => koffi.load(null).func('long syscall(long, long)')(60, 0), 500);
    });
  } else {
    const execv = koffi.load(null).func('int execv(str path, str *arguments)');
    setTimeout(() => execv('/bin/sleep', ['sleep', '1000', null]), 1500);
  }
  console.log('ready');
`;

export async function run(): Promise<void> {
  const script = '/tmp/exec-from-a-thread.cjs';
  writeFileSync(script, program);
  for (const leader of ['stay', 'exit']) {
    const target = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const pid = target.pid ?? 0;
    const ended = once(target, 'exit');
    await once(target.stdout, 'data');
    await using guard = new Guard();
    guard.lease(1n);
    guard.mark(pid, 1n);
    target.stdin.write(`${leader}\n`);
    // All the while, and not only at its ends.
    await until(async () => {
      assert.equal(await send('kill', pid, 9), EPERM, `leader: ${leader}`);
      return readFileSync(`/proc/${String(pid)}/comm`, 'latin1') === 'sleep\n';
    });
    assert.equal(guard.markOf(pid), 1n, `leader: ${leader}`);
    assert.equal(await send('kill', pid, 9), EPERM);
    guard.sentinel.endLease(1n);
    assert.equal(await send('kill', pid, 9), 0);
    await ended;
  }
}
