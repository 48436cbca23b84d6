import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { Guard } from '../../../support/guard.ts';
import { send } from '../../../support/ways.ts';

const { EPERM } = constants.errno;

/** As Go and Java do: the process is started by a thread that is not the leader. Each child starts one more itself. */
const program = `
  const { Worker, isMainThread, parentPort } = require('node:worker_threads');
  const { spawn } = require('node:child_process');
  const script = 'echo child $$; sleep 1000 & echo child $!; wait';
  const start = () => spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (isMainThread) process.stdin.once('data', () => { start(); new Worker(__filename); });
  else start();
`;

export async function run(): Promise<void> {
  const script = '/tmp/forks-from-a-thread.cjs';
  writeFileSync(script, program);
  const target = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  await using guard = new Guard();
  const joined: number[] = [];
  guard.sentinel.onJoins((batch) => joined.push(...batch.map(({ pid }) => pid)));
  guard.lease(1n);
  guard.mark(target.pid ?? 0, 1n);
  target.stdin.write('go\n');

  const children: number[] = [];
  for await (const line of createInterface(target.stdout)) {
    children.push(Number(line.split(' ')[1]));
    if (children.length === 4) break;
  }
  for (const pid of children) {
    assert.equal(guard.markOf(pid), 1n);
    assert.equal(await send('kill', pid, 9), EPERM, `child ${String(pid)}`);
  }
  for (const pid of children) assert.ok(joined.includes(pid), `${String(pid)} was told of`);
}
