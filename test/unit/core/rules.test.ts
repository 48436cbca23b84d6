import { describe, expect, it } from 'vitest';
import { readCommand } from '#core/rules/command.ts';
import { defaultRules } from '#core/rules/defaults.ts';
import { matchRules, type ProcessFacts } from '#core/rules/match.ts';
import { compileRule, RuleError, type RuleSpec } from '#core/rules/rule.ts';
import { corpus } from './command-corpus.ts';

interface Told {
  readonly args?: readonly string[];
  readonly comm?: string;
  readonly exe?: string;
  readonly cgroup?: string;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

function facts({ args = [], comm, exe, cgroup, uid, env = {} }: Told): ProcessFacts {
  return {
    args: () => args,
    comm: () => comm,
    exe: () => exe,
    cgroup: () => cgroup,
    uid: () => uid,
    environment: (name) => env[name],
  };
}

function matches(spec: Omit<RuleSpec, 'name'>, told: Told): boolean {
  return matchRules([compileRule({ name: 'one', ...spec }, 'configuration')], facts(told)) !== undefined;
}

const defaults = defaultRules.map((spec) => compileRule(spec, 'default'));

it.each(corpus)('the default rules and %j: %s', (args, rule) => {
  expect(matchRules(defaults, facts({ args }))?.rule.name).toBe(rule);
});

it('the defaults cover who carries the marker of dev mode', () => {
  const found = matchRules(defaults, facts({ args: ['./x'], env: { OMNIMIND_DEV_SCRIPT_MODE: 'true' } }));
  expect([found?.rule.name, found?.by]).toEqual(['dev-script-mode', ['environment']]);
  expect(matchRules(defaults, facts({ args: ['./x'], env: { OMNIMIND_DEV_SCRIPT_MODE: 'true?' } }))).toBeUndefined();
});

describe('a rule', () => {
  it('wants all that it says', () => {
    const spec = { job: '^train', uid: [1000, 1001], environment: 'STAGE=dev|test' };
    const job = { args: ['python3', 'train.py'], uid: 1001, env: { STAGE: 'test' } };
    expect(matches(spec, job)).toBe(true);
    expect(matches(spec, { ...job, args: ['python3', 'serve.py', 'train'] })).toBe(false);
    expect(matches(spec, { ...job, uid: 1002 })).toBe(false);
    expect(matches(spec, { ...job, env: {} })).toBe(false);
    expect(matches(spec, { ...job, env: { STAGE: 'testing' } })).toBe(false);
    const { uid: _, ...nobody } = job;
    expect(matches(spec, nobody)).toBe(false);
  });

  it.each([
    [{ comm: '^tra' }, { comm: 'train' }],
    [{ exe: '^/opt/' }, { exe: '/opt/train' }],
    [{ cgroup: 'jobs\\.slice' }, { cgroup: '/jobs.slice/x' }],
    [{ path: '^/srv/' }, { args: ['sh', '/srv/x.sh'] }],
  ] as const)('%j looks at its own text', (spec, told) => {
    expect(matches(spec, told)).toBe(true);
    expect(matches(spec, { args: ['/srv/'], comm: 'x', exe: '/x', cgroup: '/' })).toBe('path' in spec);
    expect(matches(spec, {})).toBe(false);
  });

  it('may ask for arguments, behind what runs', () => {
    const spec = { cmdline: 'manage\\.py .*--nightly' };
    expect(matches(spec, { args: ['/usr/bin/python3', '-u', 'manage.py', 'run', '--nightly'] })).toBe(true);
    expect(matches(spec, { args: ['nice', 'python3', 'manage.py', '--nightly'] })).toBe(true);
    expect(matches(spec, { args: ['pkill', '-f', 'manage.py --nightly'] })).toBe(false);
    expect(matches(spec, { args: ['sh', '-c', 'manage.py --nightly'] })).toBe(false);
    expect(matches({ cmdline: '--nightly' }, { args: ['python3', 'manage.py', '--nightly'] })).toBe(false);
  });

  it('does not read what it does not ask for', () => {
    const read: string[] = [];
    const one = compileRule({ name: 'one', job: 'x', environment: 'A=b' }, 'configuration');
    const told = facts({ args: ['y'] });
    matchRules([one], { ...told, environment: (name) => (read.push(name), undefined) });
    expect(read).toEqual([]);
  });

  it.each([
    [{}, 'name', 'a rule needs one of'],
    [{ uid: 5 }, 'name', 'a rule needs one of'],
    [{ job: '(' }, 'job', "is no pattern: a '(' has no ')'"],
    [{ cmdline: '(?=x)' }, 'cmdline', 'is no pattern'],
    [{ environment: 'X' }, 'environment', 'has to be NAME=PATTERN'],
    [{ environment: '=x' }, 'environment', 'has to be NAME=PATTERN'],
    [{ environment: 'X=)(' }, 'environment', 'is no pattern'],
    [{ environment: 'X=' }, 'environment', 'is no pattern'],
  ])('%j is refused, and the key is named', (spec, key, words) => {
    const error = (() => {
      try {
        return compileRule({ name: 'one', ...spec }, 'configuration');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(RuleError);
    expect(error).toMatchObject({ key, message: expect.stringContaining(words) as string });
  });
});

it('the head of a line ends with what runs', () => {
  const command = readCommand(['nice', '/usr/bin/python3', '-u', 'a/b.py', '-x']);
  expect(command.line).toBe('python3 -u a/b.py -x');
  expect(command.line.slice(0, command.headUnits)).toBe('python3 -u a/b.py');
  expect(command.names).toEqual(['nice', 'python3', 'b.py']);
});
