import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { DroppedSeen, SignalSeen } from '#linux/sentinel/events.ts';
import { ignorer, python, pythonScript } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords, Watched } from '#test/integration/sentinel/support/sentinel.ts';

/** Sends a signal that its target ignores, as often and as fast as it can. */
const STORM = 'import os, sys\npid, n, kill = int(sys.argv[1]), int(sys.argv[2]), os.kill\nfor _ in range(n): kill(pid, 15)';

/** A signal from each of many children, of which none sends two. */
const MANY_SENDERS = `import os, sys
target, n = int(sys.argv[1]), int(sys.argv[2])
for _ in range(n):
  child = os.fork()
  if child == 0:
    os.kill(target, 15)
    os._exit(0)
  os.waitpid(child, 0)`;

function total(events: readonly SignalSeen[]): number {
  return events.reduce((sum, { count }) => sum + count, 0);
}

function lost(dropped: readonly DroppedSeen[]): number {
  return dropped.filter(({ where }) => where === 'signals').reduce((sum, { count }) => sum + count, 0);
}

describe.skipIf(skipReason !== undefined)(`a storm${skipWords}`, () => {
  test('a million from each of two senders: two events with exact counts, and nothing lost', async () => {
    const watched = new Watched();
    const target = await ignorer();
    const added = new Map<number, number>();
    watched.sentinel.onSignals((batch) => {
      for (const event of batch) added.set(event.serial, (added.get(event.serial) ?? 0) + event.added);
    });
    const storms = [await pythonScript(STORM, target.pid, 1_000_000), await pythonScript(STORM, target.pid, 1_000_000)];
    await Promise.all(storms.map(({ exited }) => exited));
    const events = await watched.until(() => {
      const told = watched.signalsTo(target.pid);
      return told.length === 2 && told.every(({ final }) => final) && told;
    });
    for (const event of events) {
      expect(event).toMatchObject({ count: 1_000_000, outcome: 'ignored' });
      expect(added.get(event.serial)).toBe(1_000_000);
      expect(event.lastNs).toBeGreaterThan(event.firstNs);
    }
    expect(watched.dropped).toEqual([]);
  }, 180_000);

  test('closing in the middle tells the exact count so far', async () => {
    const watched = new Watched();
    const target = await ignorer();
    const storm = await pythonScript(`${STORM}\nprint(n, flush=True)`, target.pid, 200_000);
    await watched.signal(target.pid, 15);
    await storm.line();
    await watched.sentinel.close();
    expect(watched.signalsTo(target.pid)).toMatchObject([{ count: 200_000, final: true }]);
  });

  test('while nobody reads: what the ring cannot hold is counted, with its time', async () => {
    // 64 KiB hold less than a hundred of these; a synchronous child keeps this program from reading.
    const watched = new Watched({ guard: false, ringBytes: 65_536 });
    const target = await ignorer();
    const before = process.hrtime.bigint();
    spawnSync(python, ['-c', MANY_SENDERS, String(target.pid), '500']);
    const after = process.hrtime.bigint();
    await watched.until(() => total(watched.signalsTo(target.pid)) + lost(watched.dropped) >= 500);
    const told = total(watched.signalsTo(target.pid));
    expect(told).toBeLessThan(100);
    expect(lost(watched.dropped)).toBeGreaterThanOrEqual(500 - told);
    // Others on this machine have signals too; a loss that is counted twice would be more.
    expect(lost(watched.dropped)).toBeLessThan(800);
    for (const { firstNs, lastNs } of watched.dropped) {
      expect(firstNs).toBeGreaterThan(before);
      expect(lastNs).toBeGreaterThanOrEqual(firstNs);
      expect(lastNs).toBeLessThan(after);
    }
  });

  test('more kinds than there are counters: each is told', async () => {
    const watched = new Watched();
    const target = await ignorer();
    spawnSync(python, ['-c', MANY_SENDERS, String(target.pid), '4500']);
    await watched.until(() => total(watched.signalsTo(target.pid)) >= 4500);
    expect(watched.signalsTo(target.pid)).toHaveLength(4500);
    expect(watched.dropped).toEqual([]);
  }, 180_000);

  test('after a quiet second it is another event', async () => {
    const watched = new Watched();
    const target = await ignorer();
    const sender = await pythonScript(
      'import os, sys\nfor _ in sys.stdin:\n  for _ in range(3): os.kill(int(sys.argv[1]), 15)',
      target.pid,
    );
    sender.go();
    await watched.until(() => watched.signalsTo(target.pid)[0]?.final);
    sender.go();
    await watched.until(() => watched.signalsTo(target.pid)[1]?.final);
    expect(watched.signalsTo(target.pid).map(({ count }) => count)).toEqual([3, 3]);
  });
});
