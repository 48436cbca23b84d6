import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SignalEvent } from '#protocol/history.ts';
import type { TraceSummary } from '#cli/trace/summary.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { seeing, skipWithoutSentinel } from '#test/support/sentinel.ts';
import { omnictlProgram, User, withServer } from './support/omnictl.ts';
import { expectShape } from './support/shapes.ts';

const omnictl = `"${process.execPath}" "${omnictlProgram}"`;

let user: User;
let server: Omnid;

/** The documents that a trace printed. */
function documentsOf(text: string): {
  readonly start: Readonly<Record<string, unknown>>;
  readonly events: readonly SignalEvent[];
  readonly summary: TraceSummary;
} {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly kind: string; readonly event: SignalEvent });
  const [start] = lines;
  const summary = lines.at(-1) as unknown as TraceSummary;
  expect([start?.kind, summary.kind]).toEqual(['start', 'summary']);
  const events = lines.slice(1, -1).map(({ event }) => event);
  for (const event of events) expectShape(SignalEvent, event);
  return { start: { ...start }, events, summary };
}

describe('with the sentinel', () => {
  beforeAll(async () => {
    user = await User.create();
    server = await withServer(user, { config: seeing });
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
  });

  beforeEach((context) => {
    skipWithoutSentinel(context);
  });

  test('a command: how many SIGKILL against SIGTERM, who sent them, to whom', async () => {
    const script = `cat < fifo & one=$!; cat < fifo & two=$!
      kill -TERM $one; wait $one
      /bin/kill -KILL $two; wait $two
      echo printed; exit 3`;
    await user.startProgram(['mkfifo', 'fifo']).result;
    const { code, stdout, stderr } = await user.omnictl(['trace', '--', 'sh', '-c', script]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: 'printed\n' });
    expect(stderr).toMatch(/^omnictl: seen by the sentinel/m);
    expect(stderr).toMatch(/^[\d:.]{12} {2}SIGTERM +sh\[\d+\] +delivered +sh\[\d+\] < omnictl\[\d+\]/m);
    expect(stderr).toMatch(/^[\d:.]{12} {2}SIGKILL +sh\[\d+\] +delivered +kill\[\d+\] < sh\[\d+\] < omnictl/m);
    expect(stderr).toMatch(/^traced +sh \(pid \d+\) and its tree, for /m);
    expect(stderr).toMatch(/^ended +exit code 3$/m);
    expect(stderr).toMatch(/^signals +1 SIGKILL, 1 SIGTERM, 0 others$/m);
    expect(stderr).toMatch(/^at SIGKILL +.+ available/m);
  });

  test('the same as documents: stdout has them alone', async () => {
    const { code, stdout, stderr } = await user.omnictl(['trace', '--json', '--', 'sh', '-c', 'echo printed; kill -KILL $$']);
    expect({ code, stderr }).toEqual({ code: 137, stderr: 'printed\n' });
    const { start, events, summary } = documentsOf(stdout);
    expect(start).toMatchObject({ seenBy: 'sentinel', pid: summary.command?.pid });
    const pid = summary.command?.pid;
    expect(events).toMatchObject([{ signal: 9, sender: { pid }, target: { pid } }]);
    expect(summary).toMatchObject({
      command: { name: 'sh', end: { code: null, signal: 'SIGKILL' }, endedBy: { pid } },
      signals: [{ signalName: 'SIGKILL', count: 1, refused: 0 }],
      senders: [{ process: { pid }, bySignal: { SIGKILL: 1 } }],
      targets: [{ process: { pid }, count: 1 }],
      contextOfLastKill: { memTotalBytes: expect.any(Number) as number },
    });
    expect(summary).not.toHaveProperty('unseenEnd');
  });

  test('a signal from outside is told with its sender; signals to others are not', async () => {
    await using bystander = await startSleeper();
    const running = user.start(['trace', '--', 'sh', '-c', 'echo $$; exec sleep 1000']);
    await until(() => running.stdout().includes('\n'));
    await bystander.kill();
    const pid = running.stdout().trim();
    await user.startProgram(['/bin/kill', '-KILL', pid]).result;
    const { code, stderr } = await running.result;
    expect(code).toBe(137);
    expect(stderr).toMatch(/^ended +SIGKILL, sent by kill\[\d+\] < /m);
    expect(stderr).toMatch(/^signals +1 SIGKILL, 0 SIGTERM, 0 others$/m);
    expect(stderr).not.toContain(`[${String(bystander.pid)}]`);
  });

  test('the machine, until Ctrl-C: signals that were asked for alone', async () => {
    const running = user.start(['trace', '--signal', 'KILL']);
    await until(() => running.stderr().includes('seen by'));
    await using one = await startSleeper();
    await using two = await startSleeper();
    one.child.kill('SIGTERM');
    await one.ended;
    two.child.kill('SIGKILL');
    await until(() => running.stdout().includes(`[${String(two.pid)}]`));
    running.child.kill('SIGINT');
    const { code, stdout } = await running.result;
    expect(code).toBe(0);
    expect(stdout).not.toContain(`[${String(one.pid)}]`);
    expect(stdout).toMatch(/^traced +the machine, for /m);
    expect(stdout).toMatch(/^signals +\d+ SIGKILL, 0 SIGTERM, 0 others$/m);
  });

  test('nothing seen: 1', async () => {
    const { code, stdout } = await user.omnictl(['trace', '--duration', '1ms', '--signal', 'SYS']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^signals +0 SIGKILL, 0 SIGTERM, 0 others$/m);
  });

  test('a storm is one line, and counted', async () => {
    const script = "trap '' TERM; i=0; while [ $i -lt 2000 ]; do kill -TERM $$; i=$((i+1)); done";
    const { stdout } = await user.omnictl(['trace', '--json', '--', 'sh', '-c', script]);
    const { summary } = documentsOf(stdout);
    expect(summary.signals).toMatchObject([{ signalName: 'SIGTERM', count: 2000 }]);
    const { stderr } = await user.omnictl(['trace', '--', 'sh', '-c', script]);
    expect(stderr.match(/^[\d:.]{12} {2}SIGTERM/gm)).toHaveLength(1);
  });

  test('a server that is killed meanwhile ends nothing; it is said that rows may be missing', async () => {
    await using other = await User.create();
    const own = await withServer(other);
    const running = other.start(['trace', '--json', '--', 'sh', '-c', 'echo ready >&2; read -r _'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await until(() => running.stderr().includes('ready'));
    await own.kill();
    running.child.stdin?.end('\n');
    const { code, stdout } = await running.result;
    expect(code).toBe(0);
    expect(documentsOf(stdout).summary).toMatchObject({ isCutShort: true, command: { end: { code: 0 } } });
  });
});

describe('without the sentinel', () => {
  beforeAll(async () => {
    user = await User.create();
    server = await withServer(user);
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
  });

  test('a plain kill is told by how the command ended, and that nobody saw who sent it', async () => {
    const { code, stderr } = await user.omnictl(['trace', '--', 'sh', '-c', 'kill -KILL $$']);
    expect(code).toBe(137);
    expect(stderr).toMatch(/^omnictl: seen by the server alone/);
    expect(stderr).toMatch(/^not seen +kills that ask nobody/m);
    expect(stderr).toMatch(/SIGKILL +sh\[\d+\] +ended it +unknown: nobody saw it sent$/m);
    expect(stderr).toMatch(/^ended +SIGKILL; nobody saw who sent it$/m);
  });

  test('kills through the server are seen, with who asked; refused ones as refused', async () => {
    await using held = await startSleeper();
    await user.omnictl(['register', '--pid', String(held.pid)]);
    const script = `sleep 1000 & ${omnictl} kill $! --quiet; ${omnictl} kill ${String(held.pid)} --quiet; true`;
    const { stdout } = await user.omnictl(['trace', '--json', '--', 'sh', '-c', script]);
    const { start, summary } = documentsOf(stdout);
    expect(start['seenBy']).toBe('server');
    expect(summary.signals).toMatchObject([{ signalName: 'SIGTERM', count: 2, refused: 1 }]);
    expect(summary.senders.map(({ process }) => process?.comm)).toEqual(['omnictl', 'omnictl']);
    expect(summary.targets.map(({ refused }) => refused).toSorted()).toEqual([0, 1]);
  });

  test('no server: the command runs all the same, and its end is told', async () => {
    await using alone = await User.create();
    const { code, stderr } = await alone.omnictl(['trace', '--', 'sh', '-c', 'kill -TERM $$']);
    expect(code).toBe(143);
    expect(stderr).toMatch(/^omnictl: seen by nobody, for no server answers/);
    expect(stderr).toMatch(/^ended +SIGTERM; nobody saw who sent it$/m);
    expect(await alone.omnictl(['trace', '--duration', '1ms'])).toMatchObject({ code: 69 });
  });

  test('what is sent to the trace is passed on to the command', async () => {
    const running = user.start(['trace', '--', 'sh', '-c', "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done"]);
    await until(() => running.stdout().includes('ready'));
    running.child.kill('SIGTERM');
    expect(await running.result).toMatchObject({ code: 5 });
  });

  test('--duration ends the trace, and not the command', async () => {
    const running = user.start(['trace', '--duration', '1ms', '--', 'sh', '-c', 'read -r _; exit 4'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    await until(() => /^ended +it goes on$/m.test(running.stderr()));
    running.child.stdin?.end('\n');
    expect(await running.result).toMatchObject({ code: 4 });
  });

  test.each([
    [['no-such-command-anywhere'], 127, 'no such command'],
    [['/etc/passwd'], 126, 'cannot be executed (EACCES)'],
  ])('trace %o ends with %i', async (command, expected, words) => {
    const { code, stderr } = await user.omnictl(['trace', '--', ...command]);
    expect(code).toBe(expected);
    expect(stderr).toContain(words);
  });
});
