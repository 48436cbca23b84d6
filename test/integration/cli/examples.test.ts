import { mkdir, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '#cli/program.ts';
import { verbs } from '#cli/verbs.ts';
import type { Omnid } from '#test/support/server/omnid.ts';
import { startSleeper } from '#test/support/server/processes.ts';
import { skipWhereNotConfined } from '#test/support/landlock.ts';
import { until } from '#test/support/server/until.ts';
import { examplesOf, helpOf } from '../../unit/cli/help-text.ts';
import { skipWhereNoneIsStarted } from './support/may-start.ts';
import { omnictlProgram, User, withServer } from './support/omnictl.ts';

const program = await createProgram(Object.keys(verbs), () => undefined);

function withChildren(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withChildren)];
}

const examples = [...new Set(withChildren(program).flatMap((command) => examplesOf(helpOf(command))))];

let user: User;
let server: Omnid;

beforeAll(async () => {
  user = await User.create();
  server = await withServer(user);
  await mkdir(user.folder.file('bin'));
  const launcher = `#!/bin/sh\nexec '${process.execPath}' '${omnictlProgram}' "$@"\n`;
  await writeFile(user.folder.file('bin/omnictl'), launcher, { mode: 0o755 });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

/** The ones that end the server come last. */
const inOrder = examples.toSorted(
  (one, other) => Number(/server (stop|restart)/.test(one)) - Number(/server (stop|restart)/.test(other)),
);

test.for(inOrder)('%s', async (example, context) => {
  if (example.includes('server restart')) skipWhereNoneIsStarted(context);
  if (example.includes('confine --')) skipWhereNotConfined(context);
  await using held = await startSleeper();
  await using free = await startSleeper();
  const lease = await user.omnictl(['register', '--pid', String(held.pid), '--ttl', '1h']);
  // A row for what looks at the history.
  await user.omnictl(['kill', String(held.pid), '--signal', 'KILL']);
  const env = {
    PATH: `${user.folder.file('bin')}:${user.env['PATH'] ?? ''}`,
    LEASE: lease.stdout.trim(),
    PID: String(/release|--target/.test(example) ? held.pid : free.pid),
  };
  const isEndless = example.includes('--follow');
  // What has no end is ended with the shell: it has to be the shell.
  await using shell = user.startProgram(['/bin/sh', '-c', isEndless ? `exec ${example}` : `set -e\n${example}\n:`], { env });
  if (isEndless) {
    await until(() => shell.stdout().includes('SIGKILL'));
    return;
  }
  const { code, stderr } = await shell.result;
  expect(stderr).toMatch(toldBy(example));
  // Whether there is somebody to pick is the machine's to say.
  expect(example.includes('protector plan') ? [0, 1] : [0]).toContain(code);
});

/** What an example tells on stderr besides what it prints. */
function toldBy(example: string): RegExp {
  // A trace is told there: stdout is the command's.
  if (example.includes('trace')) return /^omnictl: seen by /;
  if (example.includes('omnictl run')) return /^(omnictl: the log is .*\n)?$/;
  if (example.includes('omnictl attach')) return /^omnictl: nothing to attach to: .*\n$/;
  return /^(omnictl: started the per-user server.*\n)?$/;
}
