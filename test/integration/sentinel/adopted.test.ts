import { describe, expect, onTestFinished, test } from 'vitest';
import { attachPrograms } from '#linux/sentinel/attach.ts';
import type { DroppedSeen, SignalSeen } from '#linux/sentinel/events.ts';
import { Feeds } from '#linux/sentinel/feeds.ts';
import { loadPrograms } from '#linux/sentinel/load.ts';
import type { BpfObject } from '#linux/sentinel/object.ts';
import { EventReader } from '#linux/sentinel/reader.ts';
import { ignorer, pythonScript, sleeper } from '#test/integration/sentinel/support/processes.ts';
import { skipReason, skipWords } from '#test/integration/sentinel/support/sentinel.ts';
import { until } from '#test/support/server/until.ts';

const ringBytes = 8 * 2 ** 20;

/** So many signals for each line that it reads; says when it is done. */
const KILLER = `import os, sys
pid = int(sys.argv[1])
for line in sys.stdin:
  for _ in range(int(line)): os.kill(pid, 15)
  print(line, end='', flush=True)`;

/** The kernel side without a sentinel around it: one reader after the other, as one server after the other. */
function kernelSide(): BpfObject {
  const loaded = loadPrograms({ guard: false, ringBytes });
  onTestFinished(() => {
    loaded.object.close();
  });
  attachPrograms(loaded);
  return loaded.object;
}

class Reading {
  readonly signals: SignalSeen[] = [];
  readonly dropped: DroppedSeen[] = [];
  readonly reader: EventReader;
  position = 0;

  constructor(object: BpfObject, adopted: boolean) {
    const feeds = new Feeds();
    feeds.signals.add((batch) => this.signals.push(...batch));
    feeds.dropped.add((dropped) => this.dropped.push(dropped));
    feeds.read.add((position) => {
      this.position = position;
    });
    this.reader = new EventReader(object, { ringBytes, held: true, adopted }, feeds);
    this.reader.begin();
  }

  to(pid: number): SignalSeen[] {
    return this.signals.filter(({ target }) => target.pid === pid);
  }

  /** Its program is killed: it reads no more, and tells nobody of anything. */
  die(): void {
    this.reader.stop();
  }
}

describe.skipIf(skipReason !== undefined)(`a reader that goes on where another was ended${skipWords}`, () => {
  test('reads again what was not released, and nothing else', async () => {
    const object = kernelSide();
    const [one, two, three] = [await sleeper(), await sleeper(), await sleeper()];
    const first = new Reading(object, false);
    one.child.kill('SIGKILL');
    await until(() => first.to(one.pid).length > 0);
    first.reader.release(first.position);
    two.child.kill('SIGKILL');
    await until(() => first.to(two.pid).length > 0);
    first.die();
    three.child.kill('SIGKILL');
    await three.exited;

    const second = new Reading(object, true);
    await until(() => second.to(three.pid).length > 0);
    const full = (pid: number): SignalSeen[] => second.to(pid).filter(({ resumed }) => resumed !== true);
    expect([full(one.pid).length, full(two.pid).length, full(three.pid).length]).toEqual([0, 1, 1]);
    expect(full(two.pid)[0]).toMatchObject({
      signal: 9,
      count: 1,
      sender: { pid: process.pid, comm: expect.any(String) as string },
    });
    second.die();
    expect(second.dropped).toEqual([]);
  });

  test('counts on what is being counted, to the last', async () => {
    const object = kernelSide();
    const target = await ignorer();
    const killer = await pythonScript(KILLER, target.pid);
    const send = async (count: number): Promise<void> => {
      killer.child.stdin?.write(`${String(count)}\n`);
      await killer.line();
    };
    const first = new Reading(object, false);
    await send(1000);
    await until(() => first.to(target.pid).at(-1)?.count === 1000);
    first.reader.release(first.position);
    first.die();
    await send(500);

    const second = new Reading(object, true);
    await send(250);
    const added = (): number => second.to(target.pid).reduce((sum, event) => sum + event.added, 0);
    await until(() => added() >= 750);
    expect(added()).toBe(750);
    const resumed = { resumed: true, signal: 15, outcome: 'ignored', sender: { pid: killer.pid } };
    expect(second.to(target.pid)[0]).toMatchObject(resumed);
    expect(second.to(target.pid)[0]?.count).toBeGreaterThanOrEqual(1500);
    second.die();
    expect(second.dropped).toEqual([]);
  });
});
