import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { Compile } from 'typebox/schema';
import { Type, type Static } from 'typebox';
import { bounds } from '#protocol/bounds.ts';
import { ProtectorMode } from '#protocol/protector.ts';
import type { Rule } from '#core/rules/rule.ts';
import { fdLimit } from './fd-limit.ts';
import type { GuardConfig } from './guard-policy.ts';
import { protectorSettings, type ProtectorEnvironment, type ProtectorSettings } from './protector/settings.ts';
import { compileRules, RuleTable, RuleTableError } from './rule-config.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const gibibyte = 1024 ** 3;

const Count = (): ReturnType<typeof Type.Integer> => Type.Integer({ minimum: 1 });

/** omnid.toml: every table and key. Durations are milliseconds, as the keys say. */
const ConfigFile = Type.Object(
  {
    server: Type.Optional(
      Type.Object({ idleEndMs: Type.Optional(Type.Integer({ minimum: 0 })) }, { additionalProperties: false }),
    ),
    limits: Type.Optional(
      Type.Object(
        {
          leasesPerUidMax: Type.Optional(Count()),
          membersPerLeaseMax: Type.Optional(Count()),
          membersMax: Type.Optional(Count()),
          connectionsPerUidMax: Type.Optional(Count()),
          requestsInFlightPerUidMax: Type.Optional(Count()),
          subscriptionsPerConnectionMax: Type.Optional(Count()),
          ttlMsMax: Type.Optional(Type.Integer({ minimum: bounds.ttlMsMin, maximum: bounds.ttlMsMax })),
          maxMsMax: Type.Optional(Type.Integer({ minimum: bounds.maxMsMin, maximum: bounds.maxMsMax })),
        },
        { additionalProperties: false },
      ),
    ),
    sentinel: Type.Optional(
      Type.Object(
        { enabled: Type.Optional(Type.Boolean()), pinned: Type.Optional(Type.Boolean()) },
        { additionalProperties: false },
      ),
    ),
    guard: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(Type.Enum(['enforce', 'audit', 'off'])),
          default: Type.Optional(Type.Boolean()),
          group: Type.Optional(Type.String({ minLength: 1 })),
          processesPerUidMax: Type.Optional(Count()),
        },
        { additionalProperties: false },
      ),
    ),
    rules: Type.Optional(
      Type.Object(
        { defaults: Type.Optional(Type.Boolean()), guardUids: Type.Optional(Type.Array(Type.Integer({ minimum: 0 }))) },
        { additionalProperties: false },
      ),
    ),
    rule: Type.Optional(Type.Array(RuleTable)),
    protector: Type.Optional(
      Type.Object(
        {
          mode: Type.Optional(ProtectorMode),
          limits: Type.Optional(Type.Enum(['test', 'dev', 'prod'])),
          act: Type.Optional(Type.Boolean()),
          tell: Type.Optional(Type.Boolean()),
          throttle: Type.Optional(Type.Boolean()),
          end: Type.Optional(Type.Boolean()),
          kill: Type.Optional(Type.Boolean()),
          endCpuHogs: Type.Optional(Type.Boolean()),
          unit: Type.Optional(Type.Enum(['process', 'group'])),
          graceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: bounds.graceMsMax })),
          critical: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
          onlyEnvironment: Type.Optional(Type.Array(Type.String({ pattern: '^[^=]+=' }))),
          budgetPercent: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
          endLeases: Type.Optional(Type.Boolean()),
          shieldMembers: Type.Optional(Type.Boolean()),
          survive: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
    history: Type.Optional(
      Type.Object(
        { historyMsMax: Type.Optional(Count()), historyBytesMax: Type.Optional(Type.Integer({ minimum: 1024 * 1024 })) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
type ConfigFile = Static<typeof ConfigFile>;

/** What a server runs by: the file's keys, each with its default. */
export interface Config {
  readonly server: { readonly idleEndMs: number };
  readonly limits: {
    readonly leasesPerUidMax: number;
    readonly membersPerLeaseMax: number;
    readonly membersMax: number;
    readonly connectionsPerUidMax: number;
    readonly requestsInFlightPerUidMax: number;
    readonly subscriptionsPerConnectionMax: number;
    readonly ttlMsMax: number;
    readonly maxMsMax: number;
  };
  /** `list`: those of the file, ready for use, and the defaults behind them. */
  readonly rules: {
    readonly defaults: boolean;
    /** Users whose processes a rule does not only advise about, but has guarded. */
    readonly guardUids: readonly number[];
    readonly list: readonly Rule[];
  };
  /** Undefined: where the server is the system's. A user's server does not watch the whole machine unasked. */
  readonly sentinel: {
    readonly enabled?: boolean;
    /** The system server's marks, guard and ring outlive a crash of it. */
    readonly pinned: boolean;
  };
  readonly guard: GuardConfig;
  readonly protector: ProtectorSettings;
  readonly history: { readonly historyMsMax: number; readonly historyBytesMax: number };
}

/** Every key's default. `membersMax` leaves descriptors for connections and files. */
export function defaultConfig(environment?: ProtectorEnvironment): Config {
  return {
    server: { idleEndMs: 30 * minute },
    limits: {
      leasesPerUidMax: 10_000,
      membersPerLeaseMax: 20_000,
      membersMax: Math.max(64, fdLimit() - 2048, Math.floor(fdLimit() / 2)),
      connectionsPerUidMax: 512,
      requestsInFlightPerUidMax: 4096,
      subscriptionsPerConnectionMax: 64,
      ttlMsMax: bounds.ttlMsMax,
      maxMsMax: bounds.maxMsMax,
    },
    sentinel: { pinned: false },
    guard: { mode: 'enforce', default: false, group: 'omnimind', processesPerUidMax: 20_000 },
    rules: { defaults: true, guardUids: [], list: compileRules([], true) },
    protector: protectorSettings({}, environment),
    history: { historyMsMax: 30 * day, historyBytesMax: gibibyte },
  };
}

/**
 * Reads omnid.toml.
 *
 * @param path the file
 * @param required a default path may be missing; one that was named may not
 * @param environment what of the environment bears on it
 * @throws Error with the path, and the line and key that is wrong
 */
export function readConfig(path: string, required: boolean, environment: ProtectorEnvironment = {}): Config {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return defaultConfig(environment);
    throw new Error(`cannot read the configuration ${path}: ${(error as Error).message}`, { cause: error });
  }
  return withDefaults(parseConfig(text, path), environment, text, path);
}

function parseConfig(text: string, path: string): ConfigFile {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (error instanceof TomlError)
      throw new Error(`${path}:${String(error.line)}: ${error.message.split('\n', 1)[0] ?? ''}`, { cause: error });
    throw error;
  }
  const validator = Compile(ConfigFile);
  if (validator.Check(value)) return value;
  const [, errors] = validator.Errors(value);
  for (const error of errors) {
    if (error.keyword !== 'additionalProperties') continue;
    const [key = ''] = error.params.additionalProperties;
    throw new Error(
      `${path}:${String(lineOf(text, error.instancePath, key))}: unknown key ${JSON.stringify(key)}${tableOf(error.instancePath)}`,
    );
  }
  const error = errors.find((one) => one.keyword !== 'boolean');
  const parts = (error?.instancePath ?? '').split('/').slice(1);
  const key = parts.pop() ?? '';
  const line = lineOf(text, parts.map((part) => `/${part}`).join(''), key);
  throw new Error(`${path}:${String(line)}: ${key} ${error?.message ?? 'is wrong'}`);
}

function tableOf(instancePath: string): string {
  const [name = '', index] = instancePath.slice(1).split('/');
  if (instancePath === '') return '';
  return index === undefined ? ` in [${name}]` : ` in [[${name}]]`;
}

/** The line that sets a key, within its table; else that of the table; else the first that names the key. */
function lineOf(text: string, instancePath: string, key: string): number {
  const table = instancePath.slice(1).replaceAll('/', '.');
  const seen = new Map<string, number>();
  let current = '';
  let tableLine: number | undefined;
  let first = 0;
  for (const [number, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line)?.[1];
    if (header !== undefined) {
      const index = seen.get(header) ?? 0;
      seen.set(header, index + 1);
      // One of many tables of the same name is named by its number.
      current = line.trimStart().startsWith('[[') ? `${header}.${String(index)}` : header;
      if (current === table) tableLine = number + 1;
    }
    const names = header?.split('.').includes(key) === true || /^\s*"?([^"=\s.]+)"?\s*[=.]/.exec(line)?.[1] === key;
    if (!names) continue;
    if (current === table || header === key) return number + 1;
    if (first === 0) first = number + 1;
  }
  return tableLine ?? Math.max(first, 1);
}

function withDefaults(file: ConfigFile, environment: ProtectorEnvironment, text: string, path: string): Config {
  const base = defaultConfig();
  const { defaults = base.rules.defaults } = file.rules ?? {};
  return {
    server: { ...base.server, ...file.server },
    limits: { ...base.limits, ...file.limits },
    sentinel: { ...base.sentinel, ...file.sentinel },
    guard: { ...base.guard, ...file.guard },
    rules: { ...base.rules, ...file.rules, list: readRules(file, defaults, text, path) },
    protector: protectorSettings(file.protector ?? {}, environment),
    history: { ...base.history, ...file.history },
  };
}

function readRules(file: ConfigFile, defaults: boolean, text: string, path: string): readonly Rule[] {
  try {
    return compileRules(file.rule ?? [], defaults);
  } catch (error) {
    if (!(error instanceof RuleTableError)) throw error;
    const line = lineOf(text, `/rule/${String(error.index)}`, error.key);
    throw new Error(`${path}:${String(line)}: ${error.key} ${error.message}`, { cause: error });
  }
}
