import { describe, expect, test } from 'vitest';
import { explain, isDeath } from '#core/explain.ts';
import { backend, exit, facts, job, leaseOf, pid, processOf, row } from './explain-world.ts';

const kernel = { sender: null, code: 'kernel' } as const;
const itself = { sender: job } as const;

describe('how it ended', () => {
  test('an exit code of 137 is no signal, and a signal is no exit code', () => {
    expect(explain(facts([exit(5, { code: 137 })])).ending).toMatchObject({ kind: 'exited', exitCode: 137, signal: null });
    const killed = explain(facts([row(5, { signal: 9 }), exit(5, { signal: 9 })]));
    expect(killed.ending).toMatchObject({ kind: 'signaled', exitCode: null, signal: 9, signalName: 'SIGKILL', source: 'wait' });
  });

  test('nobody survives a SIGKILL, and who was asked to end may', () => {
    expect(explain(facts([row(5, { signal: 9 })])).ending).toMatchObject({ kind: 'signaled', source: 'signal' });
    const asked = explain(facts([row(5, { signal: 15 })]));
    expect(asked.ending.kind).toBe('gone');
    expect(asked.cause).toMatchObject({ kind: 'killed', certain: false });
  });

  test.each([19, 20, 21, 22])('signal %i stops and does not end', (signal) => {
    expect(explain(facts([row(5, { signal })])).ending.kind).toBe('gone');
    expect(explain(facts([row(5, { signal })])).cause.kind).toBe('unknown');
  });

  test('a SIGKILL that was refused ends nothing', () => {
    const why = explain(facts([row(5, { signal: 9, outcome: 'denied' })]));
    expect(why.ending.kind).toBe('gone');
    expect(why.refused.count).toBe(1);
    expect(why.before).toEqual([]);
  });

  test('a zombie has ended, and tells how', () => {
    const live = { process: { ...job, startTicks: '1000' }, state: 'Z', waitStatus: 9 };
    expect(explain(facts([], { live })).ending).toMatchObject({ kind: 'signaled', signal: 9, source: 'wait' });
    expect(explain(facts([], { live: { ...live, waitStatus: 137 << 8 } })).ending).toMatchObject({
      kind: 'exited',
      exitCode: 137,
    });
  });

  test('no row and no process', () => {
    expect(explain(facts([]))).toMatchObject({ ending: { kind: 'unseen' }, cause: { kind: 'none' }, process: null });
  });
});

describe('who did it', () => {
  test('of two SIGKILLs the first', () => {
    const other = processOf(900, 'kill', 'kill -9 4242');
    const why = explain(facts([row(5, { signal: 9 }), row(6, { signal: 9, sender: other }), exit(6, { signal: 9 })]));
    expect(why.cause.by?.pid).toBe(backend.pid);
  });

  test('of two SIGTERMs the one after which no handler was left', () => {
    const other = processOf(900, 'kill', 'kill 4242');
    const why = explain(facts([row(5, { signal: 15 }), row(7, { signal: 15, sender: other }), exit(7.1, { signal: 15 })]));
    expect(why.cause.by?.pid).toBe(other.pid);
    expect(why.before.map(({ sender }) => sender?.pid)).toEqual([backend.pid]);
  });

  test('not itself, where it only passed on what another had sent', () => {
    const rows = [row(5, { signal: 15 }), row(5.1, { signal: 15, ...itself }), exit(5.1, { signal: 15 })];
    expect(explain(facts(rows)).cause).toMatchObject({ kind: 'killed', reraised: true, by: { pid: backend.pid } });
    expect(explain(facts(rows.slice(1))).cause).toMatchObject({ kind: 'self', reraised: false });
  });

  test('for a kill through the server whoever asked for it', () => {
    const requester = processOf(500, 'omnictl', 'omnictl kill 4242', [499, 'backend.sh']);
    const rows = [
      row(5, { source: 'mediated', signal: 15, code: 'pidfd', requester, sender: requester, termination: 'survived' }),
      row(7, {
        source: 'mediated',
        signal: 9,
        code: 'pidfd',
        requester,
        sender: requester,
        termination: 'killed',
        reason: 'short',
      }),
    ];
    expect(explain(facts(rows)).answer).toBe(
      'python3 train.py (pid 4242) was killed by SIGKILL through the server, for omnictl (pid 500) < backend.sh (pid 499), 2.0 s after its SIGTERM: "short"',
    );
  });

  test.each([
    ['oom', { ...kernel, signal: 9, oom: { allocator: { pid: 1, comm: 'x' } } }],
    ['oom', { ...itself, code: 'kernel', signal: 9, oom: { allocator: { pid, comm: 'x' } } }],
    ['cpuLimit', { ...itself, code: 'kernel', signal: 9, kernel: { cpuLimitSeconds: 1 } }],
    ['kernel', { ...itself, code: 'kernel', signal: 9 }],
    ['cgroupKill', { code: 'implied', signal: 9 }],
    ['parentEnd', { code: 'implied', signal: 9, kernel: { senderExiting: true } }],
    ['senderEnd', { code: 'kernel', signal: 9, kernel: { senderExiting: true } }],
    ['brokenPipe', { ...itself, code: 'implied', signal: 13 }],
    ['fileSizeLimit', { ...itself, code: 'implied', signal: 25 }],
    ['crash', { ...itself, code: 'kernel', signal: 11 }],
    ['killed', { code: 'user', signal: 11 }],
    ['terminal', { ...kernel, signal: 2 }],
    ['terminal', { ...kernel, signal: 3 }],
    ['hangup', { ...kernel, signal: 1 }],
    ['timer', { ...itself, code: 'kernel', signal: 14 }],
    ['self', { ...itself, code: 'tkill', signal: 6 }],
    ['killed', { code: 'tkill', signal: 9 }],
  ] as const)('%s', (kind, fields) => {
    const rows = [row(5, fields), exit(5.01, { signal: fields.signal })];
    const why = explain(facts(rows, { leases: [leaseOf()] }));
    expect(why.cause.kind).toBe(kind);
    expect(why.lease?.effect).toBe(
      kind === 'killed' ? (fields.signal === 11 ? 'notForbidden' : 'bypassed') : kind === 'self' ? 'idle' : 'beyond',
    );
    expect(why.answer.length).toBeLessThan(200);
  });

  test.each([
    ['parent', processOf(300, 'bash', 'bash')],
    ['child', processOf(5000, 'sh', 'sh', [pid, 'python3'])],
    ['stranger', processOf(1, 'systemd', 'systemd')],
    ['tree', processOf(5000, 'sh', 'sh', [700, 'run'])],
  ] as const)('its %s', (relation, sender) => {
    const leases = [leaseOf({ identity: { pid: 700, startTicks: '700', bootId: 'boot' } })];
    const why = explain(facts([row(5, { signal: 9, sender }), exit(5, { signal: 9 })], { leases }));
    expect(why.cause.relation).toBe(relation);
    expect(why.lease?.effect).toBe(relation === 'parent' || relation === 'stranger' ? 'bypassed' : 'ownTree');
  });
});

describe('a guarded lease', () => {
  const helper = processOf(5001, 'kill', 'kill -9 4242', [300, 'bash']);
  const stranger = processOf(5002, 'kill', 'kill -9 4242', [301, 'bash']);
  const audited = row(5, { signal: 9, sender: stranger, outcome: 'audited' });

  test.each([
    ['lets an ancestor’s helper pass', helper, false, [], 'passed'],
    ['does not, where it is strict', helper, true, [], 'bypassed'],
    ['lets init pass, strict or not', processOf(1, 'systemd', 'systemd'), true, [], 'passed'],
    ['was got by by a stranger', stranger, false, [], 'bypassed'],
    ['only audits', stranger, false, [audited], 'audited'],
  ] as const)('%s', (_name, sender, strict, rows, effect) => {
    const leases = [leaseOf({ guard: true, strict })];
    const why = explain(facts([...rows, row(5, { signal: 9, sender }), exit(5, { signal: 9 })], { leases }));
    expect(why.lease?.effect).toBe(effect);
    expect(why.before).toEqual([]);
  });

  test.each([
    ['before', 4, 'ls-a', stranger, 'unguarded'],
    ['after', 30, 'ls-a', stranger, 'bypassed'],
    ['of another lease', 4, 'ls-b', stranger, 'bypassed'],
    ['before, and who may end it did', 4, 'ls-a', helper, 'passed'],
  ] as const)('had more processes than may be guarded: told %s', (_name, seconds, leaseId, sender, effect) => {
    const leases = [leaseOf({ id: 'ls-a', guard: true })];
    const unguardedRows = [row(seconds, { source: 'lease', outcome: 'unguarded', leaseId, count: 7 })];
    const rows = [row(5, { signal: 9, sender, leaseId: 'ls-a' }), exit(5, { signal: 9 })];
    expect(explain(facts(rows, { leases, unguardedRows })).lease?.effect).toBe(effect);
  });

  test('that refused says who tried', () => {
    const live = { process: { ...job, startTicks: '1000' }, state: 'S' };
    const why = explain(
      facts([row(5, { signal: 9, sender: stranger, outcome: 'denied', count: 3 })], {
        live,
        leases: [leaseOf({ guard: true })],
      }),
    );
    expect(why.lease?.effect).toBe('held');
    expect(why.answer).toBe(
      'python3 train.py (pid 4242) is still running; 3 tries to end it were refused, the last: SIGKILL from kill -9 4242 (pid 5002) < bash (pid 301)',
    );
  });
});

describe('the ask before the kill', () => {
  const kill = processOf(901, 'kill', 'kill -9 4242', [880, 'bash']);
  const term = processOf(900, 'kill', 'kill 4242', [880, 'bash']);

  test.each([
    ['by the same process', backend, backend, ', 2.1 s after its SIGTERM'],
    ['by two tools of one script', term, kill, ', 2.1 s after its SIGTERM'],
    ['by another', backend, kill, ', 2.1 s after SIGTERM from python3 backend.py (pid 811)'],
  ])('%s', (_name, first, second, words) => {
    const rows = [row(5, { signal: 15, sender: first, outcome: 'ignored' }), row(7.1, { signal: 9, sender: second })];
    expect(explain(facts(rows)).answer.endsWith(words)).toBe(true);
  });

  test('was refused: that is told as such, and not as an ask', () => {
    const rows = [row(5, { signal: 15, outcome: 'denied' }), row(7, { signal: 9 })];
    const why = explain(facts(rows));
    expect(why.answer).not.toContain('after');
    expect(why.refused.count).toBe(1);
  });
});

describe('an exit', () => {
  test('that answers a signal', () => {
    const why = explain(facts([row(5, { signal: 15 }), exit(6, { code: 0 })]));
    expect(why.answer).toBe(
      'python3 train.py (pid 4242) handled SIGTERM from python3 backend.py (pid 811), and exited with code 0',
    );
    expect(why.cause).toMatchObject({ kind: 'exit', by: { pid: 811 } });
  });

  test('long after a signal is its own', () => {
    expect(explain(facts([row(5, { signal: 15 }), exit(500, { code: 0 })])).cause.event).toBeNull();
  });

  test('of a shell tells of its command', () => {
    const child = processOf(4300, 'pytest', 'pytest', [pid, 'python3']);
    const treeRows = [row(5, { signal: 9, target: child }), exit(5, { signal: 9 }, child), exit(5.1, { code: 137 })];
    const why = explain(facts([exit(5.1, { code: 137 })], { treeRows }));
    expect(why).toMatchObject({
      cause: { kind: 'child', by: { pid: 811 } },
      child: { process: { pid: 4300 }, cause: { kind: 'killed' } },
    });
    expect(why.unknown).toEqual([]);
    const unseen = explain(facts([exit(5.1, { code: 137 })], { treeRows: treeRows.slice(1) }));
    expect(unseen.child).toMatchObject({ ending: { signal: 9 }, cause: { kind: 'unknown' } });
    expect(unseen.unknown).toMatchObject([{ what: 'who sent SIGKILL' }]);
    const otherSignal = explain(facts([exit(5.1, { code: 143 })], { treeRows }));
    expect(otherSignal.child).toBeUndefined();
    const muchLater = explain(facts([exit(50, { code: 137 })], { treeRows }));
    expect(muchLater.child).toBeUndefined();
  });
});

describe('what is not known', () => {
  test('without the sentinel: why, and what to change', () => {
    const sentinel = { active: false, why: 'it is off', fix: 'switch it on' };
    const why = explain(facts([row(5, { source: 'lease', outcome: 'exited', sender: null, code: null })], { sentinel }));
    expect(why.unknown).toEqual([{ what: 'what ended it', why: expect.stringContaining('it is off'), fix: 'switch it on' }]);
  });

  test('nothing, where a SIGKILL was seen', () => {
    expect(explain(facts([row(5, { signal: 9 })])).unknown).toEqual([]);
  });

  test('whether a cgroup or the machine was out of memory', () => {
    const oom = { allocator: { pid: 1, comm: 'x' } };
    const unknown = (more: object) => explain(facts([row(5, { ...kernel, signal: 9, oom: { ...oom, ...more } })])).unknown;
    expect(unknown({})).toHaveLength(1);
    expect(unknown({ scope: 'machine' })).toEqual([]);
  });

  test('whether the OOM killer took it, where only its cgroup has counted a kill', () => {
    const counted = exit(5, { signal: 9 });
    const rows = [
      { ...counted, source: 'pidfd' as const, exit: { code: null, signal: 9, coreDumped: false, oomLikely: true } },
    ];
    const why = explain(facts(rows, { sentinel: { active: false, why: 'it is off' }, leases: [leaseOf()] }));
    expect(why.answer).toMatch(/was killed by SIGKILL, probably by the kernel's OOM killer/);
    expect(why).toMatchObject({ cause: { kind: 'oom', certain: false }, lease: { effect: 'beyond' } });
    expect(why.unknown).toMatchObject([{ what: 'whether it was the OOM killer' }]);
    const seen = explain(facts([row(5, { signal: 9 }), ...rows]));
    expect(seen.cause).toMatchObject({ kind: 'killed', certain: true });
  });

  test('events that were lost just then, and no others', () => {
    const dropped = (seconds: number) =>
      row(seconds, { source: 'server', outcome: 'dropped', sender: null, target: null, count: 7, reason: 'signals of …' });
    const unknown = (seconds: number) => explain(facts([row(100, { signal: 9 })], { serverRows: [dropped(seconds)] })).unknown;
    expect(unknown(90)).toMatchObject([{ why: expect.stringContaining('7 events were lost') }]);
    expect(unknown(1000)).toEqual([]);
  });
});

describe('the last death', () => {
  const gone = (): boolean => true;
  const there = (): boolean => false;

  test.each([
    ['a SIGKILL', row(5, { signal: 9 }), gone, true],
    ['one whose target is there', row(5, { signal: 15 }), there, false],
    ['a refused try', row(5, { signal: 9, outcome: 'denied' }), gone, false],
    ['an exit by a signal', exit(5, { signal: 9 }), there, true],
    ['an exit by itself', exit(5, { code: 1 }), gone, false],
    ['what stops', row(5, { signal: 19 }), gone, false],
    ['a kill through the server', row(5, { source: 'mediated', signal: 15, termination: 'exited' }), there, true],
    ['a lease', row(5, { source: 'lease', outcome: 'granted' }), gone, false],
  ])('%s', (_name, event, isGone, expected) => {
    expect(isDeath(event, isGone)).toBe(expected);
  });
});
