import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { until } from '#test/support/server/until.ts';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;
const file = '/tmp/forked-children';

/**
 * As Go and Java do: the process is started by a thread that is not the leader, by fork and by posix_spawn(3), whose child
 * has the memory of its parent (CLONE_VM, CLONE_VFORK) until it calls exec. Each child starts one more itself.
 */
const program = `
  const { Worker, isMainThread } = require('node:worker_threads');
  const { spawn } = require('node:child_process');
  const koffi = require('/omnimind/node_modules/koffi');
  const script = 'exec >>${file}; echo $$; sleep 1000 & echo $!; wait';
  const start = () => spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  const posixSpawn = () => koffi.load(null)
    .func('int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, str *args, str *env)')
    ([0], '/bin/sh', null, null, ['sh', '-c', script, null], ['PATH=/usr/bin', null]);
  if (isMainThread) process.stdin.once('data', () => { start(); new Worker(__filename); });
  else { start(); posixSpawn(); }
`;

export async function run(): Promise<void> {
  const script = '/tmp/forks-from-a-thread.cjs';
  writeFileSync(script, program);
  const target = spawn(process.execPath, [script], { stdio: ['pipe', 'inherit', 'inherit'] });
  await using guard = new Guard();
  const joined: number[] = [];
  guard.sentinel.onJoins((batch) => joined.push(...batch.map(({ pid }) => pid)));
  guard.lease(1n);
  guard.mark(target.pid ?? 0, 1n);
  target.stdin.write('go\n');

  const children = await until(() => {
    const lines = existsSync(file) ? readFileSync(file, 'latin1').trim().split('\n') : [];
    return lines.length === 6 && lines.map(Number);
  });
  for (const pid of children) {
    assert.equal(guard.markOf(pid), 1n);
    assert.equal(await send('kill', pid, 9), EPERM, `child ${String(pid)}`);
  }
  for (const pid of children) assert.ok(joined.includes(pid), `${String(pid)} was told of`);
}
