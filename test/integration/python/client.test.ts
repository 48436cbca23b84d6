import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { noPid, startSleeper, startStubborn } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { packageFolder, PythonProgram, pythonEnvironment, runPython, skipReason, skipWords } from './support/python.ts';

const reason = skipReason();

/** What a program says that asks about the pid which is its argument. */
const ask = `
import sys, omnimind_protector as omnimind
pid = int(sys.argv[1])
print(omnimind.may_kill(pid), pid in omnimind.protected(), omnimind.protected().known)
`;

describe.skipIf(reason !== undefined)(`the Python client${skipWords(reason)}`, () => {
  it('says yes to what nothing protects, and no to what a lease covers', async () => {
    await using served = await serve();
    await using plain = await startSleeper();
    await using held = await startSleeper();
    await served.wire.call('lease.register', { pid: held.pid });
    expect(await runPython(served, ask, String(plain.pid))).toBe('True False True\n');
    expect(await runPython(served, ask, String(held.pid))).toBe('False True True\n');
    expect(await runPython(served, ask, String(noPid))).toBe('False True True\n');
  });

  it('asks about the signal that is meant', async () => {
    await using served = await serve();
    await using held = await startSleeper();
    await served.wire.call('lease.register', { pid: held.pid, forbiddenSignals: [9] });
    const program = `
import signal, sys, omnimind_protector as omnimind
pid = int(sys.argv[1])
print([omnimind.may_kill(pid, one) for one in (signal.SIGKILL, signal.SIGTERM, 0)], omnimind.may_kill(0), omnimind.may_kill(-1))
`;
    expect(await runPython(served, program, String(held.pid))).toBe('[False, True, True] False False\n');
  });

  it('takes the protected set with what protects each', async () => {
    await using served = await serve();
    await using held = await startSleeper();
    const lease = await served.wire.call('lease.register', { pid: held.pid });
    const program = `
import omnimind_protector as omnimind
taken = omnimind.snapshot()
print([(one.pid, one.start_ticks, one.lease_id) for one in taken.processes], taken.generation > 0, list(omnimind.protected()))
`;
    const { startTicks } = lease.identity;
    expect(await runPython(served, program)).toBe(
      `[(${String(held.pid)}, '${startTicks}', '${lease.id}')] True [${String(held.pid)}]\n`,
    );
  });

  it('leaves a kill to the server', async () => {
    await using served = await serve();
    await using held = await startSleeper();
    await using plain = await startSleeper();
    await using stubborn = await startStubborn();
    await served.wire.call('lease.register', { pid: held.pid });
    const program = `
import sys, omnimind_protector as omnimind
for pid in sys.argv[1:]:
    ended = omnimind.terminate(int(pid), grace=0.2, reason="memory is short")
    print(ended.outcome, ended.gone, ended.verdict["rule"])
`;
    const pids = [held, plain, stubborn].map(({ pid }) => String(pid));
    expect(await runPython(served, program, ...pids)).toBe(
      'denied False lease\nexited True unprotected\nkilled True unprotected\n',
    );
    const { events } = await served.wire.call('history.query', { outcome: 'denied' });
    expect(events[0]).toMatchObject({ reason: 'memory is short', requester: { comm: 'python3' } });
  });

  it('tells errors by their kind', async () => {
    await using served = await serve();
    const program = `
import sys, omnimind_protector as omnimind
try:
    omnimind.terminate(int(sys.argv[1]))
except omnimind.Refused as error:
    print(error.kind, error.code)
`;
    expect(await runPython(served, program, String(noPid))).toBe('processNotFound 1001\n');
  });

  it('runs on the oldest Python that it promises', async ({ skip }) => {
    const oldest = process.env['OMNIMIND_TEST_PYTHON39'];
    if (oldest === undefined) skip('OMNIMIND_TEST_PYTHON39 names no Python 3.9');
    await using served = await serve();
    const { stdout } = spawnSync(String(oldest), ['-c', ask, '1'], { env: pythonEnvironment(served), encoding: 'utf8' });
    expect(stdout).toBe('False True True\n');
  });
});

describe.skipIf(reason !== undefined)(`a lease in Python${skipWords(reason)}`, () => {
  const job = `
import sys, omnimind_protector as omnimind
with omnimind.lease(label="job", ttl=float(sys.argv[1])) as held:
    with omnimind.lease(label="inner"):
        print("inner", held.id, flush=True)
    print("held", flush=True)
    sys.stdin.readline()
print("released", held.lost, flush=True)
sys.stdin.readline()
`;

  it('protects while the block runs, and is renewed by itself', async () => {
    await using served = await serve();
    const program = new PythonProgram(['-c', job, '1.5'], pythonEnvironment(served));
    const [, leaseId = ''] = await program.printed(/inner (\S+)/);
    await program.printed(/held/);
    const first = await served.wire.call('lease.get', { leaseId });
    expect(first).toMatchObject({ state: 'active', renewal: 'heartbeat', rootAlive: true });
    expect(first.identity.pid).toBe(program.pid);
    // Renewed more than once: it would have ended three times over.
    const renewals = new Set<string | null>();
    await until(async () => renewals.add((await served.wire.call('lease.get', { leaseId })).renewedAt).size > 4);
    expect((await served.wire.call('protection.check', { pids: [program.pid] }))[0]?.rule).toBe('lease');
    program.say('\n');
    await program.printed(/released None/);
    expect((await served.wire.call('lease.get', { leaseId })).state).toBe('released');
    program.say('\n');
    expect((await program.result).code).toBe(0);
  });

  it('goes on after a restart of the server, and says where it was lost', async () => {
    await using served = await serve();
    const program = new PythonProgram(
      [
        '-c',
        `
import sys, omnimind_protector as omnimind
held = omnimind.lease(ttl=2, on_lost=lambda error: print("lost", error.kind if hasattr(error, "kind") else error, flush=True))
held.acquire()
print("held", held.id, flush=True)
sys.stdin.readline()
`,
      ],
      pythonEnvironment(served),
    );
    const [, leaseId = ''] = await program.printed(/held (\S+)/);
    await served.omnid.kill();
    await using again = await Omnid.start({ folder: served.folder });
    await using wire = await again.connect();
    const before = (await wire.call('lease.get', { leaseId })).renewedAt;
    await until(async () => (await wire.call('lease.get', { leaseId })).renewedAt !== before);
    await wire.call('lease.release', { leaseId });
    await program.printed(/lost (leaseEnded|lease \S+ is released)/);
  });

  it('is not ended by a forked child that leaves the block', async () => {
    await using served = await serve();
    const program = `
import os, omnimind_protector as omnimind
with omnimind.lease() as held:
    if os.fork() == 0:
        held.release()
        os._exit(0)
    os.wait()
    print(omnimind.call("lease.get", leaseId=held.id)["state"])
`;
    expect(await runPython(served, program)).toBe('active\n');
  });

  it('protects a kernel that runs the Jupyter recipe, for as long as it lives', async () => {
    await using served = await serve();
    const env = { ...pythonEnvironment(served), PYTHONSTARTUP: `${packageFolder}/examples/jupyter_startup.py` };
    const kernel = new PythonProgram(['-i'], env);
    await until(async () => (await served.wire.call('lease.list', {})).leases.length > 0);
    const { leases } = await served.wire.call('lease.list', {});
    expect(leases).toMatchObject([{ label: 'jupyter', renewal: 'process', identity: { pid: kernel.pid } }]);
    kernel.finish();
    await kernel.result;
    await until(async () => (await served.wire.call('lease.get', { leaseId: leases[0]?.id ?? '' })).state === 'exited');
  });
});

/** What the client says of a socket at this path. */
async function asked(socket: string, pid = process.pid): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', OMNIMIND_SOCKET: socket, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: '1' };
  const program = `
import omnimind_protector as omnimind, sys
pid = int(sys.argv[1])
found = omnimind.protected(timeout=0.3)
print(omnimind.may_kill(pid, timeout=0.3), pid in found, type(found.cause).__name__)
for ask in (lambda: omnimind.snapshot(timeout=0.3), lambda: omnimind.terminate(pid, timeout=0.3, grace=-15), lambda: list(found)):
    try:
        print(ask())
    except omnimind.ProtectorError as error:
        print("no answer")
`;
  const { stdout, stderr } = await new PythonProgram(['-c', program, String(pid)], env).result;
  return stdout + stderr;
}

const no = (cause: string): string => `False True ${cause}\n${'no answer\n'.repeat(3)}`;

describe.skipIf(reason !== undefined)(`no answer means "do not kill"${skipWords(reason)}`, () => {
  it('without a server', async () => {
    await using folder = await makeFolder();
    expect(await asked(folder.file('omnid.sock'))).toBe(no('NoServer'));
  });

  it.each([
    ['hangs', () => undefined],
    ['speaks no JSON', (line) => `${line.slice(0, 5)}\n`],
    ['answers a list', () => '[]\n'],
    ['says nothing of the process', (line) => `${JSON.stringify({ jsonrpc: '2.0', id: idOf(line), result: [] })}\n`],
    ['says yes to another', (line) => `${JSON.stringify({ jsonrpc: '2.0', id: idOf(line), result: [yes(1)] })}\n`],
    [
      'says yes by a word',
      (line) => `${JSON.stringify({ jsonrpc: '2.0', id: idOf(line), result: [{ ...yes(process.pid), allow: 'true' }] })}\n`,
    ],
    [
      'answers another question',
      (line) => `${JSON.stringify({ jsonrpc: '2.0', id: idOf(line) + 7, result: [yes(process.pid)] })}\n`,
    ],
    ['sends a line without end', () => 'x'.repeat(2 ** 21)],
  ] as const satisfies readonly (readonly [string, (line: string) => string | undefined])[])(
    'from one that %s',
    async (_, answer) => {
      await using folder = await makeFolder();
      await using _server = await scripted(folder.file('omnid.sock'), answer);
      expect(await asked(folder.file('omnid.sock'))).toBe(no('ProtectorError'));
    },
  );

  it('from one in a folder that others may write', async () => {
    await using served = await serve();
    expect(await asked(served.omnid.socket)).not.toContain('Untrusted');
    chmodSync(served.folder.file('run'), 0o777);
    expect(await asked(served.omnid.socket)).toBe(no('Untrusted'));
  });

  it('takes a file or a link for no socket', async () => {
    await using folder = await makeFolder();
    mkdirSync(folder.file('omnid.sock'));
    expect(await asked(folder.file('omnid.sock'))).toBe(no('Untrusted'));
  });
});

function idOf(line: string): number {
  return (JSON.parse(line) as { id: number }).id;
}

function yes(pid: number): object {
  return { pid, signal: 9, allow: true, rule: 'unprotected', reason: '' };
}

/** A server that answers the greeting as omnid does, and every other line as told. */
async function scripted(path: string, answer: (line: string) => string | undefined): Promise<AsyncDisposable> {
  const server: Server = createServer((socket) => {
    let greeted = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const said = greeted
          ? answer(line)
          : `${JSON.stringify({ jsonrpc: '2.0', id: idOf(line), result: { scope: 'user', uid: process.getuid?.() } })}\n`;
        greeted = true;
        if (said !== undefined) socket.write(said);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await Promise.resolve();
    },
  };
}
