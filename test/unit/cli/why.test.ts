import { describe, expect, test } from 'vitest';
import { Output } from '#cli/output/output.ts';
import { whyFacts } from '#cli/output/why-lines.ts';
import { whyScreen } from '#cli/output/why-screen.ts';
import { fitNote } from '#cli/output/fit-facts.ts';
import { deathBlock } from '#cli/run/death-block.ts';
import { explain } from '#core/explain.ts';
import type { Explanation } from '#protocol/explanation.ts';
import { exit, facts, job, leaseOf, pid, processOf, row } from '../core/explain-world.ts';

const killer = processOf(900, 'pkill', 'pkill -9 -f train', [880, 'bash'], [870, 'agent']);

/** Everything at once: signals, refusals, a lease, other holders of the pid, lost rows. */
const full: Explanation = explain(
  facts(
    [
      row(1, { signal: 15, target: { ...job, startTicks: '10', comm: 'older' } }),
      ...[2, 3, 4, 5].map((seconds) => row(seconds, { signal: 15, outcome: 'ignored', count: 3 })),
      ...[6, 7].map((seconds) => row(seconds, { signal: 9, outcome: 'denied', source: 'mediated' })),
      row(8, { signal: 9, sender: killer, leaseId: leaseOf().id, oom: { allocator: { pid: 1, comm: 'x' } } }),
      exit(8, { signal: 9 }),
    ],
    {
      leases: [leaseOf()],
      serverRows: [row(9, { source: 'server', outcome: 'dropped', sender: null, target: null, reason: 'signals' })],
    },
  ),
);

function screen(explanation: Explanation, columns?: number): string[] {
  return whyScreen(explanation, new Output({ quiet: false, color: false, columns }))
    .trimEnd()
    .split('\n');
}

describe('the screen of omnictl why', () => {
  test('has the answer first, and at most ten lines', () => {
    const lines = screen(full);
    expect(lines[0]).toBe(`${full.answer}.`);
    expect(lines.map((line) => line.split(' ')[0]).slice(1)).toEqual([
      'ended',
      'by',
      'before',
      'refused',
      'lease',
      'memory',
      'unknown',
      'unknown',
      'pid',
    ]);
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  test('tells an exit code from a signal', () => {
    const [, killed] = screen(explain(facts([row(5, { signal: 9 }), exit(5, { signal: 9 })])));
    expect(killed).toMatch(/^ended {4}2026-\d\d-\d\d .*, signal 9 \(WTERMSIG\), no exit code$/);
    const [, exited] = screen(explain(facts([exit(5, { code: 137 })])));
    expect(exited).toMatch(/, exit code 137; no signal \(WTERMSIG 0\)$/);
  });

  test('says who, with those who started it', () => {
    expect(screen(full)[2]).toBe('by       pkill[900] < bash[880] < agent[870], uid 1000');
  });

  const words = (text: readonly string[]): string => text.join(' ').replaceAll(/\s+/g, ' ');

  test('keeps within a wide terminal, and says all of it', () => {
    const lines = screen(full, 250);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(250);
    expect(lines).toHaveLength(10);
    expect(words(lines)).toBe(words(screen(full)));
  });

  test('keeps within a narrow terminal, in ten lines, and says what that leaves out', () => {
    const lines = screen(full, 80);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(words(lines)).toContain(`${full.answer}.`);
    const less = /^more {5}omnictl why --json has all of it: (.*)$/.exec(lines.at(-1) ?? '')?.[1]?.split(', ') ?? [];
    expect(less).toEqual(['pid', 'unknown', 'before', 'refused', 'memory'].slice(0, less.length));
    for (const line of screen(full).slice(1)) {
      const title = line.slice(0, 9).trim();
      if (!less.includes(title)) expect(words(lines)).toContain(words([line]));
    }
    expect(words(lines)).toMatch(/ unknown whether the machine or a cgroup was out of memory/);
  });

  test('breaks no line between a number and its unit', () => {
    for (let columns = 40; columns < 120; columns += 1) {
      for (const line of screen(full, columns)) expect(line.trim()).not.toMatch(/^(%|[KMG]iB|B\b)/);
    }
  });

  test('shows names that would turn the terminal as they are', () => {
    const evil = processOf(900, '\u001B[2J\n', 'x\u001B]0;title\u0007 y', [880, '\u202Ebash']);
    const text = screen(explain(facts([row(5, { signal: 9, sender: evil })]))).join('\n');
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
    expect(text).toContain('\\x1b]0;title\\x07');
  });

  test('of a process that runs says what protects it', () => {
    const live = { process: { ...job, startTicks: '1000' }, state: 'S' };
    const lines = screen(explain(facts([], { live, leases: [leaseOf()] })));
    expect(lines).toEqual([
      'python3 train.py (pid 4242) is still running.',
      'lease    ls-aaaaaaaaaaaaaaaaaaaa (cycles), active: it protects',
    ]);
  });

  test('never has more than nine facts', () => {
    expect(whyFacts(full).facts).toHaveLength(9);
  });
});

describe('the block that run prints', () => {
  const killed = { code: null, signal: 'SIGKILL' } as const;

  test('says what why would say', () => {
    const [answer, ...rest] = deathBlock('train', pid, killed, full);
    expect(answer).toBe(`${full.answer}.`);
    expect(rest).toHaveLength(9);
    expect(rest[1]).toBe('  by       pkill[900] < bash[880] < agent[870], uid 1000');
  });

  test('is at most ten lines of a terminal, each under its words', () => {
    const lines = fitNote(deathBlock('train', pid, killed, full), 80);
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/^omnictl: /);
    for (const line of lines.slice(1)) expect(line).toMatch(/^(?: {9}\S| {2}[a-z]+ +\S| {11}\S)/);
    expect(fitNote(['answer', '  by       all of it'], undefined)).toEqual(['omnictl: answer', '  by       all of it']);
  });

  test('without a server what the wrapper has seen itself', () => {
    expect(deathBlock('train', pid, killed, undefined)).toEqual([
      'train (pid 4242) was ended by SIGKILL; nobody knows by whom: no server answers.',
    ]);
  });

  test('the wrapper’s own status first, where the server has none', () => {
    const unknown = explain(facts([row(1, { source: 'lease', outcome: 'granted', sender: null })]));
    const [answer] = deathBlock('train', pid, killed, unknown);
    expect(answer).toBe('train (pid 4242) was ended by SIGKILL. python3 train.py (pid 4242) has ended; how is not recorded.');
  });
});
