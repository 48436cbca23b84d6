import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { adopt, runs } from '#test/support/server/processes.ts';
import { Guard } from '../../support/guard.ts';
import { stranger } from '../../support/strangers.ts';

const examples = new URL('../../../../../packages/python/examples', import.meta.url).pathname;
const scriptMb = 60;
const hogMb = 30;
const budgetMb = 80;

/** The README's fourth way: the backend as it is, which asks nobody, and a script that the kernel guards. */
export async function run(): Promise<void> {
  const program = `
python3 ${examples}/cycles.py ${String(scriptMb)} <&3 & script=$!
python3 -c 'import sys; memory = bytearray(b"x") * (${String(hogMb)} << 20); print("ready", flush=True); sys.stdin.read()' <&3 & hog=$!
echo "pids $script $hog"
wait $script; echo "script ended with $?"
wait $hog; echo "hog ended with $?"`;
  await using shell = adopt(spawn('/bin/sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] }));
  const [, script, hog] =
    /pids (\d+) (\d+)/.exec([await shell.line(), await shell.line(), await shell.line()].join('\n')) ?? [];
  await using guard = new Guard();
  guard.lease(1n);
  guard.mark(Number(script), 1n);

  const backend = await stranger(['python3', `${examples}/resource_protector.py`, String(shell.pid), String(budgetMb)]);
  assert.equal(backend.stderr, '');
  assert.equal(
    backend.stdout,
    `process heavy: killing ${String(script)}\nnot permitted to kill ${String(script)}\nprocess heavy: killing ${String(hog)}\n`,
  );
  assert.ok(runs(Number(script)));
  const refused = await guard.log.first((event) => event.target.pid === Number(script) && event.outcome === 'denied');
  assert.deepEqual([refused.signal, refused.sender.comm], [15, 'python3']);

  const pipe = shell.child.stdio[3];
  if (pipe !== null && pipe !== undefined && 'end' in pipe) pipe.end();
  assert.equal(await shell.line(), 'all cycles done, 62914560 bytes');
  assert.equal(await shell.line(), 'script ended with 0');
  assert.equal(await shell.line(), 'hog ended with 143');
}
