import { expect, test } from 'vitest';
import { explain } from '#core/explain.ts';
import { facts, job, leaseOf, row } from './explain-world.ts';

const earlier = { ...job, startTicks: '900', comm: 'old', cmdline: 'old job' };
const next = { ...job, startTicks: '2000', comm: 'new', cmdline: 'new job' };
const rows = [
  row(10, { signal: 15, target: earlier }),
  row(11, { signal: 9, target: earlier }),
  row(20, { signal: 6, target: job }),
];

test('a pid that was used again: the last process is explained, and the others are named', () => {
  const why = explain(facts([...rows, row(30, { signal: 9, target: next })]));
  expect(why.process?.comm).toBe('new');
  expect(why.before).toEqual([]);
  expect(why.others).toMatchObject([
    { startTicks: '1000', comm: 'python3' },
    { startTicks: '900', comm: 'old' },
  ]);
});

test('another of them, by its start time', () => {
  const why = explain(facts([...rows, row(30, { signal: 9, target: next })], { startTicks: '900' }));
  expect(why.process?.comm).toBe('old');
  expect(why.ending).toMatchObject({ kind: 'signaled', signal: 9 });
  expect(why.before.map(({ signal }) => signal)).toEqual([15]);
  expect(explain(facts(rows, { startTicks: '77' })).ending.kind).toBe('unseen');
});

test('who lives has the pid, whoever died with it', () => {
  const live = { process: next, state: 'S' };
  const why = explain(facts(rows, { live }));
  expect(why).toMatchObject({ process: { comm: 'new' }, ending: { kind: 'running' }, before: [] });
  expect(why.others.map(({ startTicks }) => startTicks)).toEqual(['1000', '900']);
});

test('the same start time in two boots is two processes', () => {
  const afterBoot = { ...row(5, { signal: 15 }), firstAt: '2026-11-25T00:00:00.000Z', lastAt: '2026-11-25T00:00:00.000Z' };
  const why = explain(facts([row(5000, { signal: 9 }), afterBoot]));
  expect(why.ending.kind).toBe('gone');
  expect(why.others).toHaveLength(1);
});

test('rows that come a little out of order are of one boot', () => {
  const why = explain(facts([row(5000, { signal: 15 }), row(4999, { signal: 9 })]));
  expect(why.others).toEqual([]);
  expect(why.ending.signal).toBe(9);
});

test('a lease that the reboot ended is of the boot before', () => {
  const granted = row(5000, { source: 'lease', outcome: 'granted', sender: null, leaseId: leaseOf().id });
  const lost = row(5, { source: 'lease', outcome: 'lost', sender: null, leaseId: leaseOf().id });
  const why = explain(facts([granted, lost], { leases: [leaseOf({ state: 'lost' })], nowNs: 10n * 10n ** 9n }));
  expect(why).toMatchObject({ ending: { kind: 'lost' }, cause: { kind: 'reboot' }, lease: { effect: 'lost' }, others: [] });
});

test('of what rows tell of a process the most is kept', () => {
  const bare = { pid: job.pid, startTicks: '1000', uid: 1000, comm: '', ancestry: [] };
  const why = explain(facts([row(5, { signal: 15 }), row(6, { source: 'lease', outcome: 'exited', target: bare })]));
  expect(why.process).toEqual(job);
});
