import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rulesFile } from '#cli/isolate/rules-file.ts';
import type { ProtectionRule } from '#protocol/rules.ts';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';
import { runScript, startSleeper, type TestProcess } from '#test/support/server/processes.ts';
import { serve, type Served } from '#test/support/server/served.ts';
import { until } from '#test/support/server/until.ts';
import type { Wire } from '#test/support/server/wire.ts';

/** A name that nothing else on this machine has. */
const job = `omnimind-test-job-${String(process.pid)}`;
const config = `[[rule]]\nname = "jobs"\njob = '^${job}'\n\n[[rule]]\nname = "marked"\nenvironment = 'OMNIMIND_TEST_MARK=${job}'\n`;

/** A script of that name, which starts a child and tells its pid. */
function startJob(served: Served, env: Record<string, string> = {}): TestProcess {
  const script = served.folder.file(`${job}.sh`);
  writeFileSync(script, 'cat <&3 >/dev/null & echo $!; cat <&3');
  return runScript(`exec /bin/sh ${script}`, { env });
}

function ruleNamed(rules: readonly ProtectionRule[], name: string): ProtectionRule | undefined {
  return rules.find((rule) => rule.name === name);
}

describe('an automatic rule', () => {
  it('covers who matches and what it starts, and the mediated kill is denied', async () => {
    await using served = await serve({ config });
    const { wire } = served;
    await using running = startJob(served);
    const child = Number(await running.line());
    const verdicts = await wire.call('protection.check', { pids: [running.pid, child], signal: 15 });
    expect(verdicts).toMatchObject([
      { allow: false, rule: 'protectionRule', reason: 'rule jobs covers the process: it matches by job' },
      { allow: false, rule: 'protectionRule' },
    ]);
    expect(await wire.call('process.terminate', { pid: child })).toMatchObject({ outcome: 'denied' });
    expect(await wire.call('process.terminate', { pid: child, override: true })).toMatchObject({
      outcome: 'exited',
      verdict: { rule: 'override' },
    });
  });

  it('does not cover who mentions it', async () => {
    await using served = await serve({ config });
    await using watching = runScript('echo ready; exec cat <&3', { args: [job] });
    await watching.line();
    await using shell = runScript(`: ${job}; echo ready; cat <&3`);
    await shell.line();
    const verdicts = await served.wire.call('protection.check', { pids: [watching.pid, shell.pid] });
    expect(verdicts.map(({ rule }) => rule)).toEqual(['unprotected', 'unprotected']);
  });

  it('covers who carries a variable, from the exec that brought it on', async () => {
    await using served = await serve({ config });
    await using running = runScript(`echo ready; read _ <&3; OMNIMIND_TEST_MARK=${job} exec cat <&3`);
    await running.line();
    const rule = async (): Promise<string | undefined> =>
      (await served.wire.call('protection.check', { pids: [running.pid] }))[0]?.rule;
    expect(await rule()).toBe('unprotected');
    running.say('go\n');
    await until(async () => (await rule()) === 'protectionRule');
  });

  it('is found by looking, told to subscribers, and told again when its processes end', async () => {
    await using served = await serve({ config });
    const { wire } = served;
    const { subscriptionId } = await wire.call('protection.subscribe', {});
    await using running = startJob(served);
    const child = Number(await running.line());
    await using asking = await served.omnid.connect();
    await asking.call('protection.rules', {});
    const seen = new Map<number, string | undefined>();
    while (!seen.has(running.pid) || !seen.has(child)) {
      const { added } = await wire.told('protection.changed', (params) => params.subscriptionId === subscriptionId);
      for (const { identity, rule } of added) seen.set(identity.pid, rule);
    }
    expect([seen.get(running.pid), seen.get(child)]).toEqual(['jobs', 'jobs']);
    await running.kill();
    await wire.told('protection.changed', ({ removed }) => removed.some(({ pid }) => pid === running.pid));
    // Its child was seen, and is covered still.
    expect((await wire.call('protection.check', { pids: [child] }))[0]?.rule).toBe('protectionRule');
  });

  it('stands in the snapshot and in protection.rules, with its trees and why', async () => {
    await using served = await serve({ config });
    const { wire } = served;
    await using running = startJob(served);
    await running.line();
    const { processes } = await wire.call('protection.snapshot', {});
    expect(processes.map(({ rule }) => rule)).toEqual(expect.arrayContaining(['jobs', 'jobs']));
    const { rules } = await wire.call('protection.rules', {});
    expect(rules.map(({ name, origin }) => [name, origin])).toEqual([
      ['jobs', 'configuration'],
      ['marked', 'configuration'],
    ]);
    expect(ruleNamed(rules, 'jobs')).toMatchObject({
      when: { job: `^${job}` },
      moreTrees: 0,
      trees: [{ identity: { pid: running.pid }, rootAlive: true, comm: 'sh', by: ['job'] }],
    });
    expect(ruleNamed(rules, 'jobs')?.processes).toBeGreaterThanOrEqual(2);
    expect(ruleNamed(rules, 'marked')).toMatchObject({ processes: 0, trees: [] });
    expect((await wire.call('server.status', {})).protectedProcesses).toBeGreaterThanOrEqual(processes.length);
  });

  it('goes on where a lease on the same process ends', async () => {
    await using served = await serve({ config });
    const { wire } = served;
    await using running = startJob(served);
    await running.line();
    const lease = await wire.call('lease.register', { pid: running.pid });
    expect((await wire.call('protection.check', { pids: [running.pid] }))[0]).toMatchObject({ rule: 'lease' });
    await wire.call('protection.snapshot', {});
    await wire.call('lease.release', { leaseId: lease.id });
    expect((await wire.call('protection.check', { pids: [running.pid] }))[0]).toMatchObject({ rule: 'protectionRule' });
  });

  it('holds after a restart of the server', async () => {
    await using served = await serve({ config });
    await using running = startJob(served);
    await running.line();
    await served.omnid.kill();
    await using again = await Omnid.start({ folder: served.folder, config });
    await using wire = await again.connect();
    expect((await wire.call('protection.check', { pids: [running.pid] }))[0]?.rule).toBe('protectionRule');
  });

  it('holds after a restart for who has lost its parents, and for no other rule than there is', async () => {
    await using served = await serve({ config });
    await using running = startJob(served);
    const orphan = Number(await running.line());
    const ruleOf = async (wire: Wire): Promise<string | undefined> => {
      const [verdict] = await wire.call('protection.check', { pids: [orphan] });
      // It is answered once it is on the disk, and what was to be written before it is too.
      await wire.call('lease.register', { pid: process.pid });
      await wire.call('lease.release', { pid: process.pid });
      return verdict?.rule;
    };
    expect(await ruleOf(served.wire)).toBe('protectionRule');
    await running.kill();
    await served.omnid.kill();
    const ruleAfter = async (rules: string): Promise<string | undefined> => {
      await using again = await Omnid.start({ folder: served.folder, config: rules });
      await using wire = await again.connect();
      return await ruleOf(wire);
    };
    expect(await ruleAfter(config)).toBe('protectionRule');
    expect(await ruleAfter(`[[rule]]\nname = "others"\njob = '^${job}'\n`)).toBe('unprotected');
    // What no rule covered at a start is forgotten.
    expect(await ruleAfter(config)).toBe('unprotected');
  });

  it('keeps a per-user server from no idle end', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder, config: `[server]\nidleEndMs = 300\n${config}` });
    const script = folder.file(`${job}.sh`);
    writeFileSync(script, 'echo ready; cat <&3');
    await using running = runScript(`exec /bin/sh ${script}`);
    await running.line();
    expect((await omnid.ended).code).toBe(0);
  });
});

describe('the default rules', () => {
  it('hold unless the configuration says otherwise', async () => {
    await using folder = await makeFolder();
    symlinkSync('/bin/cat', folder.file('pytest'));
    await using running = runScript(`echo ready; exec ${folder.file('pytest')} <&3`);
    await running.line();
    await until(async () => readFileSync(`/proc/${String(running.pid)}/comm`, 'utf8') === 'pytest\n');
    for (const [rules, rule] of [
      ['', 'protectionRule'],
      ['[rules]\ndefaults = false\n', 'unprotected'],
      ['[[rule]]\nname = "pytest"\nenabled = false\n', 'unprotected'],
      ['[[rule]]\nname = "pytest"\njob = "^other$"\n', 'unprotected'],
    ] as const) {
      await using served = await serve({ config: rules, defaultRules: true });
      expect((await served.wire.call('protection.check', { pids: [running.pid] }))[0]?.rule, rules).toBe(rule);
    }
  });

  it('cover nobody that only waits', async () => {
    await using served = await serve({ defaultRules: true });
    await using sleeper = await startSleeper({ args: ['pytest', 'jupyter'] });
    expect((await served.wire.call('protection.check', { pids: [sleeper.pid] }))[0]?.rule).toBe('unprotected');
  });
});

describe('a wrong rule is refused by its line', () => {
  const good = '[[rule]]\nname = "one"\njob = "x"\n';
  it.each([
    ['a pattern', `${good}[[rule]]\nname = "two"\njob = "("\n`, ":6: job is no pattern: a '(' has no ')' behind it"],
    ['a key', `${good}\n[[rule]]\nname = "two"\nname_ = "x"\n`, ':7: unknown key "name_" in [[rule]]'],
    ['a type', `${good}[[rule]]\nname = "two"\njob = 5\n`, ':6: job must be string'],
    ['no name', `${good}[[rule]]\njob = "y"\n`, ':4: name has to be'],
    ['a name twice', `${good}${good}`, ':5: name one is the name of a rule before it'],
    ['nothing to look at', `${good}[[rule]]\nname = "two"\nuid = 1000\n`, ':5: name a rule needs one of job, path'],
    ['a name for the terminal', '[[rule]]\nname = "\\u001b[2J"\njob = "x"\n', ':2: name has to be'],
  ])('%s', async (_what, text, words) => {
    await using folder = await makeFolder();
    const { code, stderr } = await Omnid.run({ folder, config: text });
    expect(code).toBe(1);
    expect(stderr).toContain(`omnid.toml${words}`);
  });
});

it('takes the rules that omnictl isolate writes', async () => {
  await using served = await serve({ config: `[rules]\ndefaults = false\n${rulesFile()}` });
  const { rules } = await served.wire.call('protection.rules', {});
  expect(rules.map(({ name }) => name)).toContain('python -m unittest');
  await using running = runScript('echo ready; cat <&3', { env: { OMNIMIND_DEV_SCRIPT_MODE: 'true' } });
  await running.line();
  expect((await served.wire.call('protection.check', { pids: [running.pid] }))[0]?.rule).toBe('protectionRule');
});
