import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { sleeper } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';

const root = new URL('../../..', import.meta.url).pathname;

/** Runs a module in a program of its own, which can import from this project. */
function runModule(source: string): { status: number | null; stdout: string; stderr: string } {
  const args = ['--input-type=module', '--eval', source];
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
}

function bpfDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.includes('bpf') ? [target] : [];
    } catch {
      return [];
    }
  });
}

function bpfMappings(): string[] {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.includes('bpf-map') || line.includes('bpf_map'));
}

describe.skipIf(skipReason !== undefined)(`the sentinel's life${skipWords}`, () => {
  test('what it attached is there, and is told by name', () => {
    const { sentinel } = new Watched({});
    for (const name of ['on_signal', 'on_fork', 'on_exec', 'on_exit', 'on_oom_victim']) {
      expect(sentinel.programs).toContainEqual({ name, attached: true });
    }
  });

  test('the guard is all there, or not, with a word why', () => {
    const { sentinel } = new Watched({});
    const guard = sentinel.programs.filter(({ name }) => name.startsWith('guard_'));
    expect(guard).toHaveLength(4);
    for (const { attached, why } of guard) {
      expect(attached).toBe(sentinel.guardAvailable);
      if (!attached) expect(why).toMatch(/./);
    }
  });

  test('without the guard where it is not asked for', () => {
    const { sentinel } = new Watched({ guard: false });
    expect(sentinel.guardAvailable).toBe(false);
    expect(sentinel.programs).toContainEqual({ name: 'guard_task_kill', attached: false, why: 'not asked for' });
  });

  test('close leaves nothing: no descriptor, no mapping, no program', async () => {
    expect(bpfDescriptors()).toEqual([]);
    const sentinel = Sentinel.open();
    expect(bpfDescriptors().length).toBeGreaterThan(5);
    await Promise.all([sentinel.close(), sentinel.close()]);
    await sentinel.close();
    expect(bpfDescriptors()).toEqual([]);
    expect(bpfMappings()).toEqual([]);
  });

  test('an event just before close is told', async () => {
    const watched = new Watched();
    const target = await sleeper();
    process.kill(target.pid, 'SIGKILL');
    await watched.sentinel.close();
    expect(watched.signalsTo(target.pid)).toMatchObject([{ signal: 9, final: true, sender: { pid: process.pid } }]);
  });

  test('two at once see the same', async () => {
    const [one, two] = [new Watched(), new Watched()];
    const target = await sleeper();
    target.child.kill('SIGKILL');
    expect(await one.signal(target.pid, 9)).toMatchObject({ sender: { pid: process.pid } });
    expect(await two.signal(target.pid, 9)).toMatchObject({ sender: { pid: process.pid } });
  });

  test('a listener that is taken away hears no more', async () => {
    const watched = new Watched();
    let heard = 0;
    const stop = watched.sentinel.onSignals(() => (heard += 1));
    stop();
    const target = await sleeper();
    target.child.kill('SIGKILL');
    await watched.signal(target.pid, 9);
    expect(heard).toBe(0);
  });

  test('it does not keep the program running', () => {
    const { status, stderr } = runModule("const { Sentinel } = await import('#linux/sentinel/sentinel.ts'); Sentinel.open();");
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
