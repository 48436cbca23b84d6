import { closeSync, openSync, writeSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { childChange, readStatus, spawnGroup, type ChildChange } from '#linux/child.ts';
import { Pty } from '#linux/pty.ts';
import { rawModes, readModes, readWindowSize, writeModes, writeWindowSize } from '#linux/terminal.ts';
import { until } from '#test/support/server/until.ts';

interface Opened {
  readonly pty: Pty;
  readonly terminal: number;
  readonly printed: () => string;
  readonly quiet: () => boolean;
}

function open(): Opened {
  let text = '';
  let isQuiet = false;
  const pty = new Pty(
    (chunk) => {
      text += Buffer.from(chunk).toString('latin1');
    },
    () => {
      isQuiet = true;
    },
  );
  // O_NOCTTY: the test runner is to get no terminal.
  const terminal = openSync(pty.path, 0o2 | 0o400);
  onTestFinished(() => {
    pty.close();
  });
  return { pty, terminal, printed: () => text, quiet: () => isQuiet };
}

describe('a pseudoterminal', () => {
  test('hands over all that was printed, then says that nobody has it any more', () => {
    const { pty, terminal, printed, quiet } = open();
    writeSync(terminal, 'one\ntwo\n');
    pty.drain();
    expect(printed()).toBe('one\r\ntwo\r\n');
    expect(quiet()).toBe(false);
    writeSync(terminal, 'three');
    closeSync(terminal);
    pty.drain();
    expect(printed()).toBe('one\r\ntwo\r\nthree');
    expect(quiet()).toBe(true);
  });

  test('is read as it comes, and not while it is paused', async () => {
    const { pty, terminal, printed } = open();
    pty.resume();
    writeSync(terminal, 'a');
    await until(() => printed() === 'a');
    pty.pause();
    writeSync(terminal, 'b');
    await new Promise((resolve) => setImmediate(resolve));
    expect(printed()).toBe('a');
    pty.resume();
    await until(() => printed() === 'ab');
    closeSync(terminal);
  });

  test('has the size and the modes that it is given', () => {
    const { pty, terminal, printed } = open();
    writeWindowSize(pty.fd, { rows: 33, columns: 77 });
    expect(readWindowSize(terminal)).toEqual({ rows: 33, columns: 77 });
    const before = readModes(terminal);
    writeModes(terminal, rawModes(before));
    expect(readModes(terminal)).not.toEqual(before);
    writeSync(terminal, 'raw\n');
    writeModes(terminal, before);
    writeSync(terminal, 'not\n');
    pty.drain();
    expect(printed()).toBe('raw\nnot\r\n');
    expect(readModes(terminal)).toEqual(before);
    closeSync(terminal);
  });

  test('what is no terminal is told as such', () => {
    const fd = openSync('/dev/null', 'r');
    expect(() => readModes(fd)).toThrow(/TCGETS .*ENOTTY/);
    closeSync(fd);
  });
});

/** What a shell script becomes, one change after the other, until it is over. */
async function changesOf(script: string): Promise<readonly ChildChange[]> {
  const terminal = openSync('/dev/null', 'r+');
  const { pid, gate } = spawnGroup({
    path: '/bin/sh',
    argv: ['sh', '-c', `read -r line <&9; exec 9<&-; [ "$line" = go ] || exit 99; ${script}`],
    env: { PATH: process.env['PATH'] },
    terminal,
    gateFd: 9,
  });
  closeSync(terminal);
  gate.say('go');
  const changes: ChildChange[] = [];
  await until(() => {
    const change = childChange(pid);
    if (change === undefined) return false;
    changes.push(change);
    // The group is its own: the minus means it and what it started.
    if (change.kind === 'stopped') process.kill(-pid, 'SIGCONT');
    // It is our child, and was not waited for to its end: the pid is its own.
    if (change.kind === 'continued') process.kill(pid, 'SIGKILL');
    return change.kind === 'exited' || change.kind === 'killed';
  });
  return changes;
}

describe('a child in a group of its own', () => {
  test('tells how it ends: 137 by itself is no SIGKILL', async () => {
    expect(await changesOf('exit 137')).toEqual([{ kind: 'exited', code: 137 }]);
    expect(await changesOf('kill -9 $$')).toEqual([{ kind: 'killed', signal: 'SIGKILL' }]);
  });

  test('tells that it was stopped, and that it goes on', async () => {
    expect(await changesOf('kill -STOP $$; exec sleep 1000')).toEqual([
      { kind: 'stopped' },
      { kind: 'continued' },
      { kind: 'killed', signal: 'SIGKILL' },
    ]);
  });

  test('leads its group, and has every signal at its default', async () => {
    // Node ignores SIGPIPE: a child that did too would never end by it.
    expect(await changesOf('[ "$(ps -o pgid= -p $$ | tr -d " ")" = $$ ] || exit 9; kill -PIPE $$')).toEqual([
      { kind: 'killed', signal: 'SIGPIPE' },
    ]);
  });

  test('whose program is not there cannot be started', () => {
    const terminal = openSync('/dev/null', 'r+');
    const options = { path: '/nowhere/program', argv: ['x'], env: {}, terminal, gateFd: 9 };
    expect(() => spawnGroup(options)).toThrow(/posix_spawn .*ENOENT/);
    closeSync(terminal);
  });
});

test.each([
  [0x0000, { kind: 'exited', code: 0 }],
  [0x8900, { kind: 'exited', code: 137 }],
  [0x0009, { kind: 'killed', signal: 'SIGKILL' }],
  [0x008b, { kind: 'killed', signal: 'SIGSEGV' }],
  [0x137f, { kind: 'stopped' }],
  [0xffff, { kind: 'continued' }],
])('status %i is read as wait(2) has it', (status, expected) => {
  expect(readStatus(status)).toEqual(expected);
});
