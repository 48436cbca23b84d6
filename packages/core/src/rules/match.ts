import { readCommand, type Command } from './command.ts';
import type { Rule, RuleKey, TextKey } from './rule.ts';

/** What rules look at of a process; read only as far as a rule asks. */
export interface ProcessFacts {
  /** argv; empty where it has none. */
  args(): readonly string[];
  comm(): string | undefined;
  exe(): string | undefined;
  cgroup(): string | undefined;
  /** Real. */
  uid(): number | undefined;
  /** A variable of the environment that it was started with. */
  environment(name: string): string | undefined;
}

export interface RuleMatch {
  readonly rule: Rule;
  /** The keys that fitted: all that the rule has. */
  readonly by: readonly RuleKey[];
}

/** @returns the first rule that covers the process, in their order */
export function matchRules(rules: readonly Rule[], facts: ProcessFacts): RuleMatch | undefined {
  let command: Command | undefined;
  const commandOf = (): Command => (command ??= readCommand(facts.args()));
  const rule = rules.find((one) => fits(one, facts, commandOf));
  return rule === undefined ? undefined : { rule, by: keysOf(rule) };
}

function fits({ uids, texts, environment }: Rule, facts: ProcessFacts, commandOf: () => Command): boolean {
  if (uids !== undefined) {
    const uid = facts.uid();
    if (uid === undefined || !uids.has(uid)) return false;
  }
  if (!texts.every(({ key, pattern }) => textFits(key, pattern, facts, commandOf))) return false;
  if (environment === undefined) return true;
  const value = facts.environment(environment.name);
  return value !== undefined && environment.value.test(value);
}

type Pattern = Rule['texts'][number]['pattern'];

function textFits(key: TextKey, pattern: Pattern, facts: ProcessFacts, commandOf: () => Command): boolean {
  switch (key) {
    case 'job':
      return commandOf().names.some((name) => pattern.test(name));
    case 'path':
      return commandOf().paths.some((path) => pattern.test(path));
    case 'cmdline': {
      // Arguments may be asked for, and have to follow what runs: a match that begins in them is a mere mention.
      const { line, headUnits } = commandOf();
      return pattern.test(line, headUnits);
    }
    case 'comm':
    case 'exe':
    case 'cgroup': {
      const text = facts[key]();
      return text !== undefined && pattern.test(text);
    }
  }
}

function keysOf({ uids, texts, environment }: Rule): readonly RuleKey[] {
  return [
    ...texts.map(({ key }) => key),
    ...(environment === undefined ? [] : ['environment' as const]),
    ...(uids === undefined ? [] : ['uid' as const]),
  ];
}
