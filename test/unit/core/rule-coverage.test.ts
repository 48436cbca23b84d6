import { describe, expect, it } from 'vitest';
import type { Sender } from '#core/sender.ts';
import { judge } from '#core/verdict.ts';
import { RuleCoverage } from '#core/rules/coverage.ts';
import { coversOf } from '#core/rules/cover.ts';
import { compileRule } from '#core/rules/rule.ts';
import type { Verdict } from '#protocol/verdict.ts';
import type { FakeProcess } from '#test/support/core/fake-process.ts';
import { LeaseWorld } from '#test/support/core/lease-world.ts';

/** A world with rules in it, whose processes are told what they run. */
class RuleWorld {
  readonly world = new LeaseWorld();
  readonly rules: RuleCoverage;
  readonly #args = new Map<FakeProcess, readonly string[]>();

  constructor(servedUid?: number, membersMax = 1000) {
    const { table, processes } = this.world;
    this.rules = new RuleCoverage({
      rules: [
        compileRule({ name: 'train', job: '^train' }, 'configuration'),
        compileRule({ name: 'eval', job: '^eval' }, 'configuration'),
      ],
      table: processes,
      steps: table.membership.steps,
      facts: (pid) => {
        const process = processes.at(pid);
        return {
          args: () => (process === undefined ? [] : (this.#args.get(process) ?? [])),
          comm: () => undefined,
          exe: () => undefined,
          cgroup: () => undefined,
          uid: () => process?.uid,
          environment: () => undefined,
        };
      },
      members: table.members,
      servedUid,
      membersMax,
      joined: () => undefined,
      dead: (member) => {
        table.exited(member);
      },
    });
  }

  /** Starts a process that runs this. */
  start(command: string, parent?: FakeProcess, uid = 1000): FakeProcess {
    const { processes } = this.world;
    const process = processes.fork(parent ?? processes.init, { uid });
    this.exec(process, command);
    return process;
  }

  exec(process: FakeProcess, command: string): void {
    this.#args.set(process, command.split(' '));
  }

  /** The rules that cover it, innermost first. */
  of(process: FakeProcess): string[] {
    return coversOf(this.rules.of(process.pid)).map(({ rule }) => rule.name);
  }

  verdict(sender: FakeProcess, target: FakeProcess, signal = 9): Verdict {
    const { table, processes, bootId, ownPid } = this.world;
    const { members, membership } = table;
    const view = { table: processes, members, membership, rules: this.rules, bootId, ownPid, servedUid: undefined };
    const asking: Sender = this.world.sender(sender);
    try {
      return judge(view, asking, { pid: target.pid }, signal);
    } finally {
      asking.close();
    }
  }
}

describe('a rule covers', () => {
  it('who matches, and all that it starts; not its parent, not its siblings', () => {
    const rules = new RuleWorld();
    const shell = rules.start('bash');
    const job = rules.start('train --fast', shell);
    const helper = rules.start('cc1', rules.start('make', job));
    const sibling = rules.start('vim train', shell);
    expect([shell, job, helper, sibling].map((one) => rules.of(one))).toEqual([[], ['train'], ['train'], []]);
  });

  it('a process from the exec on that makes it match', () => {
    const rules = new RuleWorld();
    const process = rules.start('sh -c train');
    expect(rules.of(process)).toEqual([]);
    rules.exec(process, 'train');
    expect(rules.of(process)).toEqual(['train']);
  });

  it('who was once seen, after an exec and after its parent has gone', () => {
    const rules = new RuleWorld();
    const job = rules.start('train');
    const child = rules.start('worker', job);
    const unseen = rules.start('worker', job);
    expect(rules.of(child)).toEqual(['train']);
    rules.exec(job, 'sleep 5');
    expect(rules.of(job)).toEqual(['train']);
    rules.world.exit(job);
    expect([rules.of(child), rules.of(unseen)]).toEqual([['train'], []]);
    expect(rules.of(rules.start('worker', child))).toEqual(['train']);
  });

  it('a tree within a tree by another rule, and by the same rule once', () => {
    const rules = new RuleWorld();
    const outer = rules.start('train');
    const inner = rules.start('eval', outer);
    expect(rules.of(rules.start('train again', inner))).toEqual(['eval', 'train']);
  });

  it('nobody who got the pid of one that it covered', () => {
    const rules = new RuleWorld();
    const job = rules.start('train');
    expect(rules.of(job)).toEqual(['train']);
    rules.world.processes.exit(job);
    const { pid } = rules.world.processes.fork(rules.world.processes.init, { pid: job.pid });
    expect(rules.rules.of(pid)).toBeUndefined();
    expect(rules.world.table.members.known(pid)).toBeUndefined();
    expect(rules.world.processes.openHolds).toEqual([]);
  });

  it('nobody of whom the pid changed hands while it was looked at', () => {
    const rules = new RuleWorld();
    const { processes } = rules.world;
    const job = rules.start('train');
    processes.afterEntry = (pid) => {
      if (pid !== job.pid || !job.lives) return;
      processes.exit(job);
      processes.fork(processes.init, { pid });
    };
    expect(rules.rules.of(job.pid)).toBeUndefined();
    expect(processes.openHolds).toEqual([]);
  });

  it('no kernel thread, and no process that is not served', () => {
    const rules = new RuleWorld(1000);
    const foreign = rules.start('train', undefined, 1001);
    const own = rules.start('train');
    const setuid = rules.start('su', own, 0);
    expect([foreign, own, setuid].map((one) => rules.of(one))).toEqual([[], ['train'], ['train']]);
    expect(rules.world.table.members.known(setuid.pid)).toBeUndefined();
    const thread = rules.world.processes.fork(rules.world.processes.init, { kernelThread: true });
    rules.exec(thread, 'train');
    expect(rules.of(thread)).toEqual([]);
  });

  it('more than can be kept in mind', () => {
    const rules = new RuleWorld(undefined, 1);
    const jobs = [rules.start('train'), rules.start('train')];
    expect(jobs.map((one) => rules.of(one))).toEqual([['train'], ['train']]);
    expect(rules.world.table.members.size).toBe(1);
  });
});

describe('the verdict', () => {
  it('7: is no to a signal that ends or stops, with the rule and how it matched', () => {
    const rules = new RuleWorld();
    const job = rules.start('train');
    const child = rules.start('worker', job);
    const stranger = rules.start('backend');
    expect(rules.verdict(stranger, job)).toMatchObject({
      allow: false,
      rule: 'protectionRule',
      reason: 'rule train covers the process: it matches by job',
    });
    expect(rules.verdict(stranger, child).reason).toBe(
      `rule train covers the process: its ancestor ${String(job.pid)} matches by job`,
    );
    expect(rules.verdict(stranger, job, 15).allow).toBe(false);
    expect([0, 18, 10].map((signal) => rules.verdict(stranger, job, signal).allow)).toEqual([true, true, true]);
  });

  it('5: is yes within the tree, and to the process itself', () => {
    const rules = new RuleWorld();
    const job = rules.start('train');
    const worker = rules.start('worker', job);
    const other = rules.start('train');
    expect(rules.verdict(job, worker)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(rules.verdict(worker, job)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(rules.verdict(job, job)).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(rules.verdict(other, worker)).toMatchObject({ allow: false, rule: 'protectionRule' });
  });

  it('6 comes before 7, and 7 holds where no lease forbids the signal, and after the lease', () => {
    const rules = new RuleWorld();
    const job = rules.start('train');
    const stranger = rules.start('backend');
    const lease = rules.world.lease(job);
    expect(rules.verdict(stranger, job).rule).toBe('lease');
    rules.world.lease(job, { forbidden: { low: 0, high: 0 } });
    expect(rules.verdict(stranger, job).rule).toBe('protectionRule');
    rules.world.table.end(lease, 'released');
    expect(rules.world.table.members.known(job.pid)?.leases).toEqual([]);
    expect(rules.verdict(stranger, job).rule).toBe('protectionRule');
    rules.world.exit(job);
    expect(rules.world.table.members.size).toBe(0);
  });

  it('grows the generation where a rule covers a member, and where it does so alone', () => {
    const rules = new RuleWorld();
    const { protectedSet } = rules.world.table;
    const told: string[] = [];
    protectedSet.listen(({ kind, member }) =>
      told.push(`${kind} ${String(member.leases.length)} ${member.cover?.rule.name ?? ''}`),
    );
    const job = rules.start('train');
    const lease = rules.world.lease(job);
    rules.of(job);
    rules.world.table.end(lease, 'released');
    rules.world.exit(job);
    expect(told).toEqual(['added 1 ', 'added 1 train', 'added 0 train', 'removed 0 train']);
  });
});
