import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serve, type Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import { packageFolder, python, PythonProgram, pythonEnvironment, skipReason, skipWords } from './support/python.ts';

const reason = skipReason('pytest', 'xdist');
const installReason = reason ?? skipReason('pip', 'setuptools');

/** Each test writes its pid to a file, and waits until there is a file `go`. */
const waiting = `
import os, pathlib, time

def wait(name):
    pathlib.Path(name).write_text(str(os.getpid()))
    while not pathlib.Path("go").exists():
        time.sleep(0.01)

def test_one():
    wait("one")

def test_two():
    wait("two")
`;

/** A folder with tests in it, and a run of them. */
function startRun(served: Served, tests: string, ...args: readonly string[]): PythonProgram {
  const folder = served.folder.file('project');
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/test_it.py`, tests);
  const plugin = ['-p', 'omnimind_protector.pytest_plugin', '-p', 'no:cacheprovider'];
  return new PythonProgram(['-m', 'pytest', ...plugin, ...args], pythonEnvironment(served), folder);
}

/** Resolves with the pid that a test wrote. */
async function pidOf(served: Served, name: string): Promise<number> {
  return await until(() => {
    const { stdout } = spawnSync('cat', [served.folder.file(`project/${name}`)], { encoding: 'utf8' });
    return stdout === '' ? undefined : Number(stdout);
  });
}

function go(served: Served): void {
  writeFileSync(served.folder.file('project/go'), '');
}

describe.skipIf(reason !== undefined)(`the pytest plugin${skipWords(reason)}`, () => {
  it('registers the run with a label, protects it, and releases at its end', async () => {
    await using served = await serve();
    const run = startRun(served, waiting);
    const pid = await pidOf(served, 'one');
    const { leases } = await served.wire.call('lease.list', {});
    expect(leases).toMatchObject([{ label: 'pytest project', renewal: 'heartbeat', identity: { pid: run.pid } }]);
    expect(pid).toBe(run.pid);
    expect(await served.wire.call('protection.check', { pids: [pid] })).toMatchObject([{ allow: false, rule: 'lease' }]);
    go(served);
    const { code, stdout } = await run.result;
    expect(stdout).toContain(`omnimind: protected by ${leases[0]?.id ?? ''} (pytest project)`);
    expect(stdout).not.toContain('= omnimind =');
    expect(code).toBe(0);
    expect((await served.wire.call('lease.get', { leaseId: leases[0]?.id ?? '' })).state).toBe('released');
  });

  it('covers the workers of xdist, each of which renews the lease', async () => {
    await using served = await serve();
    const run = startRun(served, waiting, '-n', '2', '--omnimind-label', 'nightly', '--omnimind-ttl', '3');
    const workers = [await pidOf(served, 'one'), await pidOf(served, 'two')];
    expect(workers).not.toContain(run.pid);
    const verdicts = await served.wire.call('protection.check', { pids: workers });
    expect(verdicts.map(({ rule }) => rule)).toEqual(['lease', 'lease']);
    const { leases } = await served.wire.call('lease.list', { label: 'nightly' });
    // The controller stands still: from here on the workers alone renew.
    run.child.kill('SIGSTOP');
    const { renewedAt, id: leaseId } = leases[0] ?? { renewedAt: '', id: '' };
    await until(async () => (await served.wire.call('lease.get', { leaseId })).renewedAt !== renewedAt);
    run.child.kill('SIGCONT');
    go(served);
    expect((await run.result).code).toBe(0);
  });

  it('names who killed a worker that crashed, and whose kill was refused', async () => {
    await using served = await serve();
    const run = startRun(served, waiting, '-n', '2', '--max-worker-restart', '0');
    const one = await pidOf(served, 'one');
    await pidOf(served, 'two');
    const repair = new PythonProgram(
      [
        '-c',
        'import sys, omnimind_protector as o; pid = int(sys.argv[1])\n' +
          'for override in (False, True): print(o.terminate(pid, signal=9, reason="memory is short", override=override).outcome)',
        String(one),
      ],
      pythonEnvironment(served),
    );
    expect((await repair.result).stdout).toBe('denied\nkilled\n');
    go(served);
    const { code, stdout } = await run.result;
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(
        `worker gw\\d \\(pid ${String(one)}\\) was ended by SIGKILL from .*python3 -c .*\\(pid ${String(repair.pid)}\\).*, because: memory is short`,
      ),
    );
    expect(stdout).toMatch(new RegExp(`refused: SIGKILL for .* by .*\\(pid ${String(repair.pid)}\\)`));
  });

  it('says so where nobody knows the killer, and where a worker ended by itself', async () => {
    await using served = await serve();
    const run = startRun(
      served,
      'import os, signal\ndef test_kill(): os.kill(os.getpid(), signal.SIGKILL)\ndef test_exit(): os._exit(3)\n',
      '-n',
      '2',
      '--max-worker-restart',
      '0',
    );
    const { stdout } = await run.result;
    expect(stdout).toMatch(/worker gw\d \(pid \d+\) was ended by SIGKILL; no sender is on record/);
    expect(stdout).toMatch(/worker gw\d \(pid \d+\) ended by itself, exit status 3/);
  });

  it('runs unprotected without a server, and says so; or not at all', async () => {
    await using served = await serve();
    await served.omnid.stop();
    const quick = 'def test_it(): pass\n';
    const run = await startRun(served, quick).result;
    expect(run).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('omnimind: not protected: no server listens') as string,
    });
    const required = await startRun(served, quick, '--omnimind-require').result;
    expect(required.code).toBe(4);
    expect(required.stderr).toContain('not protected');
  });

  it.skipIf(installReason !== undefined)(`is there once it is installed${skipWords(installReason)}`, async () => {
    await using served = await serve();
    const target = served.folder.file('site');
    // The build writes beside its sources: into a copy.
    spawnSync('cp', ['-r', packageFolder, served.folder.file('source')]);
    const pip = ['-m', 'pip', '--quiet', 'install', '--no-index', '--no-build-isolation', '--no-deps', '--target', target];
    const { status, stderr } = spawnSync(python, [...pip, served.folder.file('source')], {
      encoding: 'utf8',
      env: { ...pythonEnvironment(served), PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    });
    expect([status, stderr]).toEqual([0, '']);
    writeFileSync(served.folder.file('test_it.py'), 'def test_it(): pass\n');
    const env = { ...pythonEnvironment(served), PYTHONPATH: target };
    const run = await new PythonProgram(['-m', 'pytest', '-p', 'no:cacheprovider', 'test_it.py'], env, served.folder.path)
      .result;
    expect(run.stdout).toContain('omnimind: protected by ls-');
    expect(run.code).toBe(0);
  });
});
