import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const code = `
  import { moveToOwnCgroup } from '#linux/own-cgroup.ts';
  import { readCgroup } from '#linux/proc-text.ts';
  const before = readCgroup(process.pid);
  const move = moveToOwnCgroup('omnid');
  console.log(JSON.stringify({ before, move, after: readCgroup(process.pid) }));`;

export async function run(): Promise<void> {
  const options = { cwd: '/omnimind' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], options);
  const { before, move, after } = JSON.parse(stdout) as { before: string; move: { path?: string }; after: string };
  assert.equal(move.path, after);
  assert.equal(after, `${before.slice(0, before.lastIndexOf('/'))}/omnid`);
}
