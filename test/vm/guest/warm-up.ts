import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { omnidProgram } from '#test/support/server/omnid-program.ts';

/**
 * Has Node keep what it compiles of omnid, and of the scenarios: an emulated machine compiles for half a second, and nearly
 * every scenario starts a server. One is started here and stopped, for it is written when a program ends by itself.
 */
export async function warmUp(): Promise<void> {
  process.env['NODE_COMPILE_CACHE'] = '/run/compiled';
  const folder = mkdtempSync(join(tmpdir(), 'warm-up-'));
  const args = ['--scope', 'user', '--socket', join(folder, 'run/socket'), '--database', join(folder, 'state/database')];
  const env = { ...process.env, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, XDG_RUNTIME_DIR: folder };
  const omnid = spawn(process.execPath, [omnidProgram, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(omnid, 'exit');
  omnid.stderr.on('data', (chunk: Buffer) => {
    if (chunk.includes('"listening"')) omnid.kill('SIGTERM');
  });
  await exited;
  rmSync(folder, { recursive: true, force: true });
}
