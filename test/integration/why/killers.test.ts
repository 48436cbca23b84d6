import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { adopt, runScript, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import type { Served } from '#test/support/server/served.ts';
import { runToEnd, serveSeeing, startCovered, startPython, whyPid } from './support/seeing.ts';

const hasPkill = spawnSync('pkill', ['--version']).status === 0;
const hasPython = spawnSync(python, ['--version']).status === 0;

describe.skipIf(skipReason !== undefined)(`killed by another${skipWords}`, () => {
  let served: Served;

  beforeAll(async () => {
    served = await serveSeeing();
  });

  afterAll(async () => {
    await served[Symbol.asyncDispose]();
  });

  test('by a shell’s own kill -9', async () => {
    await using target = await startSleeper();
    const shell = await runToEnd('/bin/sh', '-c', 'kill -9 "$0"; exit 0', target.pid);
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(
      new RegExp(
        `^(cat|sh -c .*) \\(pid ${String(target.pid)}\\) was killed by SIGKILL from sh -c .* \\(pid ${String(shell)}\\)$`,
      ),
    );
    expect(why).toMatchObject({
      process: { pid: target.pid },
      ending: { kind: 'signaled', signal: 9, signalName: 'SIGKILL', exitCode: null, source: 'signal' },
      cause: { kind: 'killed', certain: true, relation: 'stranger', by: { pid: shell, comm: 'sh' }, event: { code: 'user' } },
      before: [],
      refused: { count: 0 },
      lease: null,
      unknown: [],
    });
    expect(why.cause.by?.ancestry[0]?.pid).toBe(process.pid);
    expect(why.context?.memTotalBytes).toBeGreaterThan(2 ** 20);
  });

  test.skipIf(!hasPkill || !hasPython)('by pkill, which an agent’s shell started', async () => {
    await using target = await startSleeper();
    // The file keeps pkill to this one process, whatever else the pattern fits.
    const file = served.folder.file('target.pid');
    await writeFile(file, String(target.pid));
    const agent = 'import subprocess, sys; subprocess.run(["bash", "-c", "pkill -KILL -F " + sys.argv[1] + " cat; exit 0"])';
    const agentPid = await runToEnd(python, '-c', agent, file);
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(
      /was killed by SIGKILL from pkill -KILL -F .* \(pid \d+\) < bash \(pid \d+\) < python3\S* \(pid \d+\)/,
    );
    expect(why.cause).toMatchObject({ kind: 'killed', certain: true, by: { comm: 'pkill' } });
    expect(why.cause.by?.ancestry.map(({ pid }) => pid)).toContain(agentPid);
  });

  test.skipIf(!hasPython)('by a Python backend that asked two seconds before', async () => {
    await using target = await startStubborn();
    const backend =
      'import os, signal, sys, time; p = int(sys.argv[1]); os.kill(p, signal.SIGTERM); time.sleep(2); os.kill(p, signal.SIGKILL)';
    const backendPid = await runToEnd(python, '-c', backend, target.pid);
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(/was killed by SIGKILL from python3?\S* -c .* \(pid \d+\), 2\.\d s after its SIGTERM$/);
    expect(why).toMatchObject({
      cause: { kind: 'killed', by: { pid: backendPid } },
      before: [{ signal: 15, outcome: 'ignored', sender: { pid: backendPid } }],
    });
  });

  test('by its own timeout -k', async () => {
    await using job = adopt(
      spawn('timeout', ['-k', '0.3', '0.3', '/bin/sh', '-c', "trap '' TERM; echo $$; exec cat"], {
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true,
      }),
    );
    const pid = Number(await job.line());
    await job.ended;
    const why = await whyPid(served, pid);
    expect(why.answer).toMatch(
      /was killed by SIGKILL from timeout -k 0\.3 0\.3 .* \(pid \d+\), its parent, 0?\.?\d+ m?s after its SIGTERM/,
    );
    expect(why.cause).toMatchObject({ kind: 'killed', relation: 'parent', by: { pid: job.pid, comm: 'timeout' } });
  });

  test('through the server, with who asked and why', async () => {
    await using target = await startStubborn();
    const outcome = await served.wire.call('process.terminate', { pid: target.pid, graceMs: 200, reason: 'memory is short' });
    expect(outcome).toMatchObject({ outcome: 'killed' });
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(/was killed by SIGKILL through the server, for .* after its SIGTERM: "memory is short"$/);
    expect(why).toMatchObject({
      ending: { kind: 'signaled', signal: 9, source: 'termination' },
      cause: { kind: 'mediated', by: { pid: process.pid } },
      before: [{ signal: 15, source: 'mediated' }],
    });
  });

  test('though the lease forbids it, after a try that was refused', async () => {
    await using target = runScript('read -r go <&3; exec cat <&3');
    const { leaseId } = await startCovered(served, target);
    expect(await served.wire.call('process.terminate', { pid: target.pid })).toMatchObject({ outcome: 'denied' });
    const running = await whyPid(served, target.pid);
    expect(running.answer).toMatch(/is still running; a try to end it was refused: SIGTERM from /);
    expect(running).toMatchObject({
      ending: { kind: 'running' },
      refused: { count: 1, events: [{ signal: 15, outcome: 'denied' }] },
      lease: { id: leaseId, label: 'cycles', state: 'active', effect: 'held' },
    });
    await runToEnd('/bin/kill', '-KILL', target.pid);
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(/was killed by SIGKILL from kill -KILL \d+ \(pid \d+\) < /);
    expect(why).toMatchObject({
      ending: { kind: 'signaled', signal: 9, source: 'wait' },
      refused: { count: 1 },
      lease: { id: leaseId, effect: 'bypassed' },
      unknown: [],
    });
    expect(await served.wire.call('process.explain', { leaseId })).toMatchObject({ answer: why.answer });
  });

  test('in spite of its lease, by its owner', async () => {
    await using target = runScript('read -r go <&3; exec cat <&3');
    await startCovered(served, target);
    await served.wire.call('process.terminate', { pid: target.pid, signal: 9, override: true });
    expect(await whyPid(served, target.pid)).toMatchObject({ cause: { kind: 'mediated' }, lease: { effect: 'overridden' } });
  });

  test('a SIGTERM that ended it, where its exit was not recorded: likely, and said so', async () => {
    await using target = await startSleeper();
    await runToEnd('/bin/kill', '-TERM', target.pid);
    await target.ended;
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(/has ended, probably on SIGTERM from kill -TERM \d+ \(pid \d+\)/);
    expect(why).toMatchObject({ ending: { kind: 'gone', source: null }, cause: { kind: 'killed', certain: false } });
    expect(why.unknown.map(({ what }) => what)).toEqual(['whether that signal is what ended it', 'its exit status']);
    expect(why.unknown[1]?.fix).toContain('omnictl run');
  });

  test('a SIGTERM that it handled, and ended by itself', async () => {
    await using target = runScript("trap 'exit 143' TERM; read -r go <&3; echo ready; while :; do read -r more <&3 || :; done");
    await startCovered(served, target);
    await target.line();
    await runToEnd('/bin/kill', '-TERM', target.pid);
    await target.ended;
    const why = await whyPid(served, target.pid);
    expect(why.answer).toMatch(/handled SIGTERM from kill -TERM \d+ .* and exited with code 143 \(128 \+ 15\)$/);
    expect(why).toMatchObject({ ending: { kind: 'exited', exitCode: 143, signal: null }, cause: { kind: 'exit' } });
  });

  test.skipIf(!hasPython)('because its parent ended, as it had asked for', async () => {
    const program = `import ctypes, os, sys, time
child = os.fork()
if child == 0:
    ctypes.CDLL(None).prctl(1, 9)
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
sys.stdin.readline()`;
    await using parent = startPython(program);
    const child = Number(await parent.line());
    parent.say('go\n');
    await parent.ended;
    const why = await whyPid(served, child);
    expect(why.answer).toMatch(
      /was killed by SIGKILL, as it had asked for at its parent's death .*: python3?\S* -c .* \(pid \d+\) ended$/,
    );
    expect(why.cause).toMatchObject({ kind: 'parentEnd', by: { pid: parent.pid } });
  });
});
