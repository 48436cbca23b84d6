import type { RuleKey, Rule } from './rule.ts';

/** That a rule covers a tree, from the process that it matched. */
export interface RuleCover {
  readonly rule: Rule;
  /** The process that matched. */
  readonly rootPid: number;
  readonly rootStartTicks: string;
  /** Its real uid, as it was then. */
  readonly rootUid: number | undefined;
  readonly by: readonly RuleKey[];
  /** What covers the root by its ancestors; each rule comes at most once on the way up. */
  readonly parent: RuleCover | undefined;
}

/** The cover and those around it, innermost first. */
export function coversOf(cover: RuleCover | undefined): RuleCover[] {
  const covers: RuleCover[] = [];
  for (let one = cover; one !== undefined; one = one.parent) covers.push(one);
  return covers;
}

/** Is it the same tree, by the same rule? */
export function isSameCover(a: RuleCover, b: RuleCover): boolean {
  return a.rule === b.rule && a.rootPid === b.rootPid && a.rootStartTicks === b.rootStartTicks;
}

/** Do two processes belong to one tree that a rule covers? */
export function shareCover(a: RuleCover | undefined, b: RuleCover | undefined): boolean {
  const others = coversOf(b);
  return coversOf(a).some((cover) => others.some((other) => isSameCover(cover, other)));
}
