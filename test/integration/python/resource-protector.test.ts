import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { omnictlProgram } from '#test/integration/cli/support/omnictl.ts';
import { adopt, runs, type TestProcess } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { packageFolder, python, PythonProgram, pythonEnvironment, skipReason, skipWords } from './support/python.ts';

const reason = skipReason('psutil');
const examples = join(packageFolder, 'examples');
const asItIs = join(examples, 'resource_protector.py');
const asking = join(examples, 'resource_protector_asks.py');

/** The script is the heaviest, and takes longer than the grace to end: it is the first to go. */
const scriptMb = 60;
const hogMb = 30;
const budgetMb = 80;

/** A shell with a script and a hog as its children: what the protector takes for the machine. */
class Stage {
  readonly shell: TestProcess;
  readonly scriptPid: number;
  readonly hogPid: number;

  private constructor(shell: TestProcess, scriptPid: number, hogPid: number) {
    this.shell = shell;
    this.scriptPid = scriptPid;
    this.hogPid = hogPid;
  }

  static async set(): Promise<Stage> {
    const program = `
${python} ${examples}/cycles.py ${String(scriptMb)} <&3 & script=$!
${python} -c 'import sys; memory = bytearray(b"x") * (${String(hogMb)} << 20); print("ready", flush=True); sys.stdin.read()' <&3 & hog=$!
echo "pids $script $hog"
wait $script; echo "script ended with $?"
wait $hog; echo "hog ended with $?"`;
    const shell = adopt(
      spawn('/bin/sh', ['-c', program], {
        cwd: '/',
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        env: { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1' },
      }),
    );
    const lines = [await shell.line(), await shell.line(), await shell.line()];
    const pids = /pids (\d+) (\d+)/.exec(lines.join('\n'));
    if (pids === null) throw new Error(`no pids: ${lines.join(' | ')}`);
    return new Stage(shell, Number(pids[1]), Number(pids[2]));
  }

  /** How one of the two ended, as the shell tells it. */
  async told(who: 'script' | 'hog'): Promise<number> {
    for (;;) {
      const [, status] = new RegExp(`${who} ended with (\\d+)`).exec(await this.shell.line()) ?? [];
      if (status !== undefined) return Number(status);
    }
  }

  /** Lets both come to their end. */
  finish(): void {
    const [, , , pipe] = this.shell.child.stdio;
    if (pipe !== null && pipe !== undefined && 'end' in pipe) pipe.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shell[Symbol.asyncDispose]();
  }
}

function protect(served: Served, program: string, stage: Stage): PythonProgram {
  return new PythonProgram([program, String(stage.shell.pid), String(budgetMb)], pythonEnvironment(served));
}

describe.skipIf(reason !== undefined)(`a backend that kills what is heavy${skipWords(reason)}`, () => {
  it('as it is: the script dies, and its shell says 137', async () => {
    await using served = await serve();
    await using stage = await Stage.set();
    await served.wire.call('lease.register', { pid: stage.scriptPid, label: 'cycles' });
    const { code, stdout } = await protect(served, asItIs, stage).result;
    expect([code, stdout]).toEqual([0, `process heavy: killing ${String(stage.scriptPid)}\n`]);
    expect(await stage.told('script')).toBe(137);
    expect(runs(stage.hogPid)).toBe(true);
  });

  it('with three lines changed: the script ends with 0, and the hog dies', async () => {
    await using served = await serve();
    await using stage = await Stage.set();
    await served.wire.call('lease.register', { pid: stage.scriptPid, label: 'cycles' });
    const { code, stdout } = await protect(served, asking, stage).result;
    expect([code, stdout]).toEqual([0, `process heavy: killing ${String(stage.hogPid)}\n`]);
    expect(runs(stage.scriptPid)).toBe(true);
    stage.finish();
    expect(await stage.told('script')).toBe(0);
    expect(await stage.told('hog')).toBe(143);
  });

  it('kills nothing where the server it asks is gone', async () => {
    await using served = await serve();
    await using stage = await Stage.set();
    await served.omnid.stop();
    const { code, stdout } = await protect(served, asking, stage).result;
    expect([code, stdout]).toEqual([0, '']);
    expect([runs(stage.scriptPid), runs(stage.hogPid)]).toEqual([true, true]);
  });

  it('the change is three lines', () => {
    const { stdout } = spawnSync('diff', [asItIs, asking], { encoding: 'utf8' });
    const changed = stdout.split('\n').filter((line) => /^[<>]/.test(line));
    expect(changed).toHaveLength(3);
    const readme = readFileSync(join(packageFolder, '../../README.md'), 'utf8');
    for (const line of changed) expect(readme).toContain(line.replace(/^> /, '+').trimEnd());
  });
});

const confine = fileURLToPath(new URL('../../../packages/cli/src/commands/confine.ts', import.meta.url));
const confineReason = reason ?? (existsSync(confine) ? undefined : 'needs omnictl confine, which is not there yet');

describe.skipIf(confineReason !== undefined)(`a backend under omnictl confine${skipWords(confineReason)}`, () => {
  it('as it is: it may kill neither, and the script ends with 0', async () => {
    await using served = await serve();
    await using stage = await Stage.set();
    const command = [omnictlProgram, 'confine', '--', python, asItIs, String(stage.shell.pid), String(budgetMb)];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      env: pythonEnvironment(served),
    });
    expect([status, stdout]).toEqual([
      0,
      [stage.scriptPid, stage.hogPid]
        .map((pid) => `process heavy: killing ${String(pid)}\nnot permitted to kill ${String(pid)}\n`)
        .join(''),
    ]);
    expect(stderr).not.toContain('Traceback');
    stage.finish();
    expect(await stage.told('script')).toBe(0);
    expect(await stage.told('hog')).toBe(0);
  });
});
