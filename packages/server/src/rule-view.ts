import type { Member } from '#core/lease.ts';
import { coversOf, type RuleCover } from '#core/rules/cover.ts';
import type { Rule } from '#core/rules/rule.ts';
import { bounds } from '#protocol/bounds.ts';
import type { ProtectionRule, RuleTree } from '#protocol/rules.ts';
import { readStat } from '#linux/proc-stat.ts';

/** Shown characters of a pattern: all rules have to fit in one answer. */
const shownCharactersMax = 200;

interface Tree {
  readonly cover: RuleCover;
  rootAlive: boolean;
  pidfdId: string | undefined;
  processes: number;
}

/** The rules with the trees that they cover: a process counts for its own, and for those around that. */
export function viewRules(rules: readonly Rule[], members: Iterable<Member>, bootId: string): ProtectionRule[] {
  const trees = countTrees(members);
  return rules.map(({ name, origin, when }) => {
    const all = [...trees.values()].filter(({ cover }) => cover.rule.name === name);
    const oldestFirst = all.toSorted((a, b) => Number(a.cover.rootStartTicks) - Number(b.cover.rootStartTicks));
    const shown = oldestFirst.slice(0, bounds.ruleTreesMax);
    return {
      name,
      origin,
      when: Object.fromEntries(Object.entries(when).map(([key, text]) => [key, text.slice(0, shownCharactersMax)])),
      processes: all.reduce((sum, { processes }) => sum + processes, 0),
      trees: shown.map((tree) => viewTree(tree, bootId)),
      moreTrees: all.length - shown.length,
    };
  });
}

function countTrees(members: Iterable<Member>): ReadonlyMap<string, Tree> {
  const trees = new Map<string, Tree>();
  for (const member of members) {
    for (const cover of coversOf(member.cover)) {
      const key = `${cover.rule.name} ${String(cover.rootPid)} ${cover.rootStartTicks}`;
      const tree = trees.get(key) ?? { cover, rootAlive: false, pidfdId: undefined, processes: 0 };
      tree.processes += 1;
      if (member.pid === cover.rootPid && member.startTicks === cover.rootStartTicks) {
        tree.rootAlive = true;
        tree.pidfdId = member.pidfdId;
      }
      trees.set(key, tree);
    }
  }
  return trees;
}

function viewTree({ cover, rootAlive, pidfdId, processes }: Tree, bootId: string): RuleTree {
  const { rootPid: pid, rootStartTicks: startTicks, by } = cover;
  const stat = rootAlive ? readStat(pid) : undefined;
  return {
    identity: { pid, startTicks, bootId, ...(pidfdId === undefined ? {} : { pidfdId }) },
    rootAlive,
    // Another may have the pid by now.
    comm: stat?.startTicks === startTicks ? stat.comm : null,
    by: [...by],
    processes,
  };
}
