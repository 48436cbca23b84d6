import { expect, test } from 'vitest';
import type { Member } from '#core/lease.ts';
import type { Pidfd } from '#linux/pidfd.ts';
import { Leaving } from '#server/leaving.ts';
import { machine, type Held } from '#server/machine.ts';

/** Members, each with a descriptor of its own, of this very process. */
function members(count: number): readonly (Member & { readonly held: Held })[] {
  return Array.from({ length: count }, () => {
    const held = machine.hold(process.pid);
    if (held === undefined) throw new Error('this process is not there');
    const { pid, startTicks, pidfdId } = held;
    return { pid, startTicks, pidfdId, held, leases: [], markerLeases: [], resolvedAt: 0 };
  });
}

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('many who leave at once are let go a few at a time, each before its descriptor is closed', async () => {
  const gone: Member[] = [];
  const leaving = new Leaving(
    (member, pidfd) => {
      expect([pidfd.closed, pidfd.alive()]).toEqual([false, true]);
      work(1);
      gone.push(member);
    },
    () => undefined,
  );
  const all = members(30);
  for (const member of all) {
    leaving.add(member);
    member.held.close();
    expect(member.held.alive()).toBe(false);
  }
  expect(gone).toEqual([]);
  const seen = new Set<number>();
  while (gone.length < all.length) {
    await turn();
    seen.add(gone.length);
  }
  expect(gone).toEqual(all);
  expect(seen.size).toBeGreaterThan(4);
  await turn();
  expect(all.every(({ held }) => held.pidfd.closed)).toBe(true);
});

test('a failure is told, and the descriptor closed all the same', async () => {
  const errors: unknown[] = [];
  const leaving = new Leaving(
    () => {
      throw new Error('no memory');
    },
    (error) => errors.push(error),
  );
  const [one] = members(1);
  if (one === undefined) throw new Error('none');
  leaving.add(one);
  one.held.close();
  while (!one.held.pidfd.closed) await turn();
  expect(errors).toMatchObject([{ message: 'no memory' }]);
});

test('who is left at the end is closed', () => {
  const ended: Pidfd[] = [];
  const leaving = new Leaving(
    (_, pidfd) => ended.push(pidfd),
    () => undefined,
  );
  const all = members(3);
  for (const member of all) leaving.add(member);
  leaving.close();
  expect([ended, all.map(({ held }) => held.pidfd.closed)]).toEqual([[], [true, true, true]]);
});
