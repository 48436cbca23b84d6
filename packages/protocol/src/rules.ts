import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { ProcessIdentity } from './identity.ts';

const Count = Type.Integer({ minimum: 0 });

/** A process that matched a rule, and how many live processes are covered with it. */
export const RuleTree = Type.Object(
  {
    identity: ProcessIdentity,
    rootAlive: Type.Boolean(),
    comm: Type.Union([Type.String(), Type.Null()], { description: "the root's name; null where it has exited" }),
    by: Type.Array(Type.String(), { description: 'the keys of the rule that fitted' }),
    processes: Count,
  },
  { additionalProperties: false },
);
export type RuleTree = Static<typeof RuleTree>;

/** An automatic protection rule, and whom it covers now. */
export const ProtectionRule = Type.Object(
  {
    name: Type.String(),
    origin: Type.Enum(['default', 'configuration']),
    when: Type.Record(Type.String(), Type.String(), {
      description: "the rule's keys, as they were written (long ones are cut)",
    }),
    processes: Count,
    trees: Type.Array(RuleTree, { maxItems: bounds.ruleTreesMax, description: 'oldest first' }),
    moreTrees: Count,
  },
  { additionalProperties: false },
);
export type ProtectionRule = Static<typeof ProtectionRule>;

/** In the order in which they are held against a process: the first that matches is its rule. */
export const RulesResult = Type.Object({ rules: Type.Array(ProtectionRule) }, { additionalProperties: false });
export type RulesResult = Static<typeof RulesResult>;
