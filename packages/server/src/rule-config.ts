import { Type, type Static } from 'typebox';
import { defaultRules } from '#core/rules/defaults.ts';
import { compileRule, RuleError, type Rule } from '#core/rules/rule.ts';

const rulesMax = 200;
const nameCharactersMax = 64;
const Uid = (): ReturnType<typeof Type.Integer> => Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1 });

/** One `[[rule]]` of omnid.toml. */
export const RuleTable = Type.Object(
  {
    name: Type.Optional(Type.String()),
    enabled: Type.Optional(Type.Boolean()),
    job: Type.Optional(Type.String()),
    path: Type.Optional(Type.String()),
    cmdline: Type.Optional(Type.String()),
    comm: Type.Optional(Type.String()),
    exe: Type.Optional(Type.String()),
    cgroup: Type.Optional(Type.String()),
    environment: Type.Optional(Type.String()),
    uid: Type.Optional(Type.Union([Uid(), Type.Array(Uid(), { minItems: 1 })])),
  },
  { additionalProperties: false },
);
export type RuleTable = Static<typeof RuleTable>;

/** What is wrong with the rules, and where: which table of them, which key. */
export class RuleTableError extends Error {
  readonly index: number;
  readonly key: string;

  constructor(index: number, key: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.index = index;
    this.key = key;
  }
}

/**
 * The rules of a configuration: its own in their order, then those defaults that it does not name. A default is replaced by
 * a rule of its name, or left out by `enabled = false`.
 *
 * @throws RuleTableError
 */
export function compileRules(tables: readonly RuleTable[], withDefaults: boolean): readonly Rule[] {
  if (tables.length > rulesMax) throw new RuleTableError(rulesMax, 'name', `are more than ${String(rulesMax)} rules`);
  const names = new Set<string>();
  const own: Rule[] = [];
  for (const [index, { enabled = true, name, ...spec }] of tables.entries()) {
    if (name === undefined || !isName(name)) {
      throw new RuleTableError(index, 'name', `has to be 1 to ${String(nameCharactersMax)} letters, digits, spaces or . _ - /`);
    }
    if (names.has(name)) throw new RuleTableError(index, 'name', `${name} is the name of a rule before it`);
    names.add(name);
    if (enabled) own.push(compile(index, { name, ...spec }));
  }
  const defaults = withDefaults ? defaultRules.filter((rule) => !names.has(rule.name)) : [];
  return [...own, ...defaults.map((rule) => compileRule(rule, 'default'))];
}

/** It is shown in verdicts, tables and logs. */
function isName(name: string): boolean {
  return /^[\w./-]+( [\w./-]+)*$/.test(name) && name.length <= nameCharactersMax;
}

function compile(index: number, spec: Parameters<typeof compileRule>[0]): Rule {
  try {
    return compileRule(spec, 'configuration');
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new RuleTableError(index, error.key, error.message, { cause: error });
  }
}
