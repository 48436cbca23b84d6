import { describe, expect, it } from 'vitest';
import { openStore } from '#test/support/server/database.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { databaseOf, Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { newRandom, type Random } from '#test/support/server/random.ts';
import type { Wire } from '#test/support/server/wire.ts';

const crashes = 100;
const connections = 6;
const sleepersEach = 4;

/** What the server has answered about one process; `unanswered` while it owes an answer. */
interface Ledger {
  readonly pid: number;
  leaseId: string | undefined;
  isHeld: boolean;
  unanswered: boolean;
}

/** Registers and releases, one at a time and at random, until the server is gone. */
async function load(wire: Wire, ledgers: readonly Ledger[], random: Random): Promise<void> {
  for (;;) {
    const ledger = ledgers[random.below(ledgers.length)];
    if (ledger === undefined) return;
    ledger.unanswered = true;
    try {
      if (ledger.isHeld) {
        await wire.call('lease.release', { leaseId: ledger.leaseId ?? '' });
        ledger.isHeld = false;
      } else {
        ledger.leaseId = (await wire.call('lease.register', { pid: ledger.pid, label: 'load' })).id;
        ledger.isHeld = true;
      }
      ledger.unanswered = false;
    } catch (error) {
      if (!/closed|EPIPE|ECONNRESET/.test(String(error))) throw error;
      return;
    }
  }
}

/** Holds the new server against every answer of the old one; where one was owed, both outcomes are right. */
async function audit(wire: Wire, ledgers: readonly Ledger[]): Promise<void> {
  const verdicts = await wire.call('protection.check', { pids: ledgers.map(({ pid }) => pid) });
  for (const [index, ledger] of ledgers.entries()) {
    const verdict = verdicts[index];
    const isHeld = verdict?.rule === 'lease';
    if (!ledger.unanswered) {
      expect({ pid: ledger.pid, isHeld }).toEqual({ pid: ledger.pid, isHeld: ledger.isHeld });
      if (isHeld) expect(verdict.leaseId).toBe(ledger.leaseId);
    }
    ledger.isHeld = isHeld;
    ledger.leaseId = verdict?.leaseId ?? ledger.leaseId;
    ledger.unanswered = false;
    if (ledger.leaseId === undefined) continue;
    const lease = await wire.call('lease.get', { leaseId: ledger.leaseId });
    expect(lease.state).toBe(isHeld ? 'active' : 'released');
  }
}

describe('SIGKILL of the server', () => {
  it(
    `at ${String(crashes)} random moments loses no answered registration, and no answered release`,
    { timeout: 300_000 },
    async () => {
      const random = newRandom();
      await using stack = new AsyncDisposableStack();
      const folder = stack.use(await makeFolder());
      const groups: Ledger[][] = [];
      for (let connection = 0; connection < connections; connection += 1) {
        const group: Ledger[] = [];
        for (let count = 0; count < sleepersEach; count += 1) {
          const { pid } = stack.use(await startSleeper());
          group.push({ pid, leaseId: undefined, isHeld: false, unanswered: false });
        }
        groups.push(group);
      }
      let generation = -1;
      let answered = 0;
      for (let crash = 0; crash <= crashes; crash += 1) {
        await using omnid = await Omnid.start({ folder, args: ['--log-level', 'info'] });
        await using first = await omnid.connect();
        await audit(first, groups.flat());
        const status = await first.call('server.status', {});
        expect(status.generation).toBeGreaterThan(generation);
        generation = status.generation;
        answered = status.events;
        const wires = await Promise.all(groups.map(() => omnid.connect()));
        const loads = groups.map((group, index) => load(wires[index] as Wire, group, random));
        await new Promise((resolve) => setTimeout(resolve, random.below(60)));
        await omnid.kill();
        await Promise.all(loads);
        using store = openStore(databaseOf(folder));
        expect(store.integrity()).toBe('ok');
      }
      // The load was one: a server that answers nothing would lose nothing.
      expect(answered).toBeGreaterThan(crashes * connections);
    },
  );
});
