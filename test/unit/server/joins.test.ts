import { expect, test } from 'vitest';
import type { ExitSeen, JoinSeen } from '#linux/sentinel/events.ts';
import { Joins } from '#server/sentinel/joins.ts';

function join(pid: number, startTicks = '1'): JoinSeen {
  return { pid, startTicks, uid: 0, comm: '', parentPid: 1, leaseNumber: 1n, timeNs: 0n, marked: true };
}

const many = Array.from({ length: 40 }, (_, index) => join(1000 + index));

/** Joins that remember whom they admitted. */
function collecting(admit: (join: JoinSeen) => void = () => undefined): {
  joins: Joins;
  admitted: number[];
  errors: unknown[];
} {
  const admitted: number[] = [];
  const errors: unknown[] = [];
  const joins = new Joins(
    (one) => {
      admit(one);
      admitted.push(one.pid);
    },
    (error) => errors.push(error),
  );
  return { joins, admitted, errors };
}

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test('others have their turn while thousands are taken in', async () => {
  const { joins, admitted } = collecting(() => {
    work(1);
  });
  joins.seen(many);
  const seen: number[] = [];
  const look = (): void => {
    seen.push(admitted.length);
    if (admitted.length < many.length) setImmediate(look);
  };
  setImmediate(look);
  await joins.settle();
  expect(admitted).toEqual(many.map(({ pid }) => pid));
  expect(seen.filter((count) => count > 0 && count < many.length).length).toBeGreaterThan(4);
});

test('whoever is gone before its turn is not looked at, and a later holder of its pid is', async () => {
  const { joins, admitted } = collecting();
  joins.seen([join(10), join(11, '1'), join(11, '2'), join(12)]);
  const exit = { pid: 10, startTicks: '1' } as ExitSeen;
  joins.gone([exit, { ...exit, pid: 11 }]);
  await joins.settle();
  expect(admitted).toEqual([11, 12]);
});

test('one that cannot be looked at holds up no other, and is told of once', async () => {
  const { joins, admitted, errors } = collecting(({ pid }) => {
    if (pid < 1003) throw new Error(`no descriptor for ${String(pid)}`);
  });
  joins.seen(many);
  await joins.settle();
  expect(admitted).toHaveLength(many.length - 3);
  expect(errors).toMatchObject([{ message: expect.stringContaining('no descriptor') }]);
});

test('a tree that forks for ever does not keep those waiting who ask for what was until now', async () => {
  let next = 2000;
  const { joins, admitted } = collecting(() => {
    joins.seen([join((next += 1))]);
  });
  joins.seen(many);
  await joins.settle();
  expect(admitted).toEqual(many.map(({ pid }) => pid));
  joins.close();
});

test('who asks while some are taken in waits for those that came since, too', async () => {
  const { joins, admitted } = collecting(() => {
    work(1);
  });
  joins.seen(many);
  const first = joins.settle();
  joins.seen([join(1)]);
  await joins.settle();
  expect(admitted.at(-1)).toBe(1);
  await first;
});
