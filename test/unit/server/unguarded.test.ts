import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { SignalEvent } from '#protocol/history.ts';
import type { Lease, Member } from '#core/lease.ts';
import { machine } from '#server/machine.ts';
import { UnguardedRecorder } from '#server/sentinel/unguarded.ts';
import { Store } from '#server/store/store.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

const root = { uid: 0, isRoot: true };

/** A member of a lease, with what of it matters here. */
function memberOf(pid: number): Member & Disposable {
  const held = machine.hold(pid);
  if (held === undefined) throw new Error(`no process ${String(pid)}`);
  const { startTicks, pidfdId } = held;
  const member = { pid, startTicks, pidfdId, held, leases: [], markerLeases: [], resolvedAt: 0 };
  return {
    ...member,
    [Symbol.dispose]: () => {
      held.close();
    },
  };
}

test('a tree past the bound is one row, which counts its processes, and one line of the log', async () => {
  await using folder = await makeFolder();
  await using sleeper = await startSleeper();
  const lines: string[] = [];
  const store = new Store(folder.file('db'));
  try {
    const log = pino({}, { write: (line: string) => lines.push(line) });
    const recorder = new UnguardedRecorder(store, log, 3);
    const rows = async (): Promise<readonly SignalEvent[]> => {
      await store.settled();
      return (JSON.parse(await store.query({ outcome: 'unguarded', order: 'oldest' }, root)) as { events: SignalEvent[] })
        .events;
    };
    const lease = { id: 'ls-abcdefghijklmnop' } as Lease;
    using first = memberOf(process.pid);
    using second = memberOf(sleeper.pid);
    using third = memberOf(process.ppid);
    const uid = 1234;
    recorder.note({ member: first, uid, by: lease });
    expect(await rows()).toMatchObject([
      {
        source: 'lease',
        leaseId: lease.id,
        count: 1,
        target: { pid: process.pid, startTicks: first.startTicks },
        reason: expect.stringContaining('uid 1234 has 3 processes guarded, the most that it may'),
      },
    ]);
    // Told again of one, as at each new term of its lease.
    for (const member of [first, second, second, third]) recorder.note({ member, uid, by: lease });
    recorder.note({ member: memberOfAnother(first), uid, by: { id: 'ls-bcdefghijklmnopq' } as Lease });
    await until(async () => (await rows())[0]?.count === 3);
    expect((await rows()).map(({ leaseId, count }) => [leaseId, count])).toEqual([
      [lease.id, 3],
      ['ls-bcdefghijklmnopq', 1],
    ]);
    expect(lines).toHaveLength(2);
    recorder.close();
  } finally {
    await store.close();
  }
});

/** The same process, in another lease. */
function memberOfAnother(member: Member): Member {
  return { ...member };
}
