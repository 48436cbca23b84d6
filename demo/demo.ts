/**
 * The product in a minute, on real processes: a 500-cycle script, and a backend that kills what is heaviest. Act one
 * without protection, act two with it. Exit status 1 where any of it did not really happen; nothing is left running.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '#client/index.ts';
import type { SignalEvent } from '#protocol/history.ts';
import { Player } from './cast.ts';

const root = join(import.meta.dirname, '..');
const omnictl = join(root, 'node_modules', '.bin', 'omnictl');
const omnid = join(root, 'node_modules', '.bin', 'omnid');
const script = join(import.meta.dirname, '500_cycles.sh');
const worker = join(import.meta.dirname, 'stale_worker.sh');
const backend = join(import.meta.dirname, 'backend.ts');

/** A shell that starts the script, and exits as a shell does: 137 for a child that SIGKILL ended. */
const inShell = (file: string): string[] => ['sh', '-c', 'sh "$0"; exit $?', file];

const folder = mkdtempSync(join(tmpdir(), 'omnimind-demo-'));
const socket = join(folder, 'omnid.sock');
process.env['OMNIMIND_SOCKET'] = socket;

const failures: string[] = [];
const patienceMs = 20_000;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function expect(what: string, holds: boolean): void {
  say(`  ${holds ? 'ok     ' : 'NOT SO '} ${what}`);
  if (!holds) failures.push(what);
}

/** Nothing here takes that long: what has not come by then does not come. */
async function within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(reject, patienceMs, new Error(`${what} did not come within ${String(patienceMs / 1000)} s`));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function runBackend(mode: string, players: readonly Player[]): Promise<void> {
  const names = await within(Promise.all(players.map((player) => player.name())), 'the start of the scripts');
  await using stack = new AsyncDisposableStack();
  const player = stack.adopt(new Player([process.execPath, backend, mode, ...names], {}), (one) => one.end());
  const status = await within(player.exit, "the backend's end");
  if (status !== 0) throw new Error(`the backend failed with ${String(status)}`);
}

async function actOne(): Promise<void> {
  say('\nAct one: nobody asks\n');
  await using stack = new AsyncDisposableStack();
  const cycles = stack.adopt(new Player(inShell(script), {}, 'pid'), (player) => player.end());
  const stale = stack.adopt(new Player(inShell(worker), {}, 'pid'), (player) => player.end());
  await runBackend('rogue', [cycles, stale]);
  const status = await within(cycles.exit, "the script's end");
  say(`  [shell]   $? is ${String(status)}`);
  expect('the 500-cycle script died with 137, and does not know why', status === 137);
}

async function actTwo(): Promise<void> {
  say('\nAct two: the script registers, the backend asks\n');
  await using stack = new AsyncDisposableStack();
  const server = stack.adopt(new Player([omnid, '--database', join(folder, 'omnid.db'), '--log-level', 'warn'], {}), endServer);
  await untilListening();
  const cycles = stack.adopt(new Player(inShell(script), { OMNICTL: omnictl }, 'pid'), (player) => player.end());
  const stale = stack.adopt(new Player(inShell(worker), {}, 'pid'), (player) => player.end());
  await runBackend('asking', [cycles, stale]);

  const pid = await cycles.fact('pid');
  const asked = show('may-kill', pid);
  expect('may-kill says no, by its exit status', asked.status === 1);
  const listed = show('status');
  expect('status answers', listed.status === 0);
  const killed = await within(stale.exit, "the worker's end");
  expect('the stale worker was killed in its place (137)', killed === 137);
  const status = await within(cycles.exit, "the script's end");
  say(`  [shell]   $? is ${String(status)}`);
  expect('the 500-cycle script finished with 0', status === 0);

  expect('history has the kill', show('history', '--signal', '9').status === 0);
  expect('its row names the target, and the backend that asked for it', namesTheKill(await stale.fact('pid')));
  expect('history has no kill of the script', show('history', '--signal', '9', '--target', pid).status === 1);
  expect('the server is still the one that was started', server.child.exitCode === null);
}

/** The same history, as programs read it. */
function namesTheKill(target: string): boolean {
  const { stdout } = spawnSync(omnictl, ['history', '--signal', '9', '--json'], { encoding: 'utf8' });
  const events = JSON.parse(stdout) as readonly SignalEvent[];
  return (
    events.length === 1 && events[0]?.target?.pid === Number(target) && events[0].sender?.cmdline?.includes(backend) === true
  );
}

async function endServer(server: Player): Promise<void> {
  server.child.kill('SIGTERM');
  expect('the server stopped cleanly', (await server.exit) === 0);
}

async function untilListening(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      const client = await connect({ reconnect: false });
      await client.close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error('omnid does not listen');
}

function show(...args: string[]): { status: number | null; stdout: string } {
  say(`\n$ omnictl ${args.join(' ')}`);
  const { status, stdout, stderr } = spawnSync(omnictl, args, { encoding: 'utf8' });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  say(`# exit status ${String(status)}`);
  return { status, stdout };
}

try {
  await actOne();
  await actTwo();
} catch (error) {
  failures.push((error as Error).message);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(failures.length === 0 ? '\nAll of it happened.' : `\nNot all of it happened: ${failures.join('; ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
