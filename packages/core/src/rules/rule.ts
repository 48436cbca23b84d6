import { Pattern, PatternError } from './pattern.ts';

/** The keys of a rule that hold a pattern for one text each. */
export const textKeys = ['job', 'path', 'cmdline', 'comm', 'exe', 'cgroup'] as const;
export type TextKey = (typeof textKeys)[number];
/** Every key that a process is held against. */
export type RuleKey = TextKey | 'environment' | 'uid';

/** A rule as it is written down. Every key that it has must fit. */
export interface RuleSpec extends Readonly<Partial<Record<TextKey, string>>> {
  readonly name: string;
  /** `NAME=PATTERN`: the whole value has to match. */
  readonly environment?: string | undefined;
  readonly uid?: number | readonly number[] | undefined;
}

export type RuleOrigin = 'default' | 'configuration';

/** An automatic protection rule, ready to be held against processes. */
export interface Rule {
  readonly name: string;
  readonly origin: RuleOrigin;
  readonly texts: readonly { readonly key: TextKey; readonly pattern: Pattern }[];
  readonly environment: { readonly name: string; readonly value: Pattern } | undefined;
  readonly uids: ReadonlySet<number> | undefined;
  /** Its keys as they were written, for whoever asks why. */
  readonly when: Readonly<Record<string, string>>;
}

/** What is wrong with a rule, and in which key. */
export class RuleError extends Error {
  readonly key: string;

  constructor(key: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.key = key;
  }
}

/** @throws RuleError that names the key */
export function compileRule(spec: RuleSpec, origin: RuleOrigin): Rule {
  const texts = textKeys.flatMap((key) => {
    const source = spec[key];
    return source === undefined ? [] : [{ key, pattern: compile(key, source) }];
  });
  const { environment, uid } = spec;
  if (texts.length === 0 && environment === undefined) {
    throw new RuleError('name', `a rule needs one of ${[...textKeys, 'environment'].join(', ')}`);
  }
  const uids = uid === undefined ? undefined : new Set(typeof uid === 'number' ? [uid] : uid);
  return {
    name: spec.name,
    origin,
    texts,
    environment: environment === undefined ? undefined : readEnvironment(environment),
    uids,
    when: {
      ...Object.fromEntries(texts.map(({ key, pattern }) => [key, pattern.source])),
      ...(environment === undefined ? {} : { environment }),
      ...(uids === undefined ? {} : { uid: [...uids].join(', ') }),
    },
  };
}

function readEnvironment(text: string): { name: string; value: Pattern } {
  const at = text.indexOf('=');
  if (at < 1) throw new RuleError('environment', 'has to be NAME=PATTERN');
  const pattern = text.slice(at + 1);
  // Held against it as it stands first: what is wrong is told of what was written.
  compile('environment', pattern);
  return { name: text.slice(0, at), value: compile('environment', `^(?:${pattern})$`) };
}

function compile(key: string, source: string): Pattern {
  try {
    return new Pattern(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new RuleError(key, `is no pattern: ${error.message}`, { cause: error });
  }
}
