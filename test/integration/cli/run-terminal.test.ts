import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Omnid } from '#test/support/server/omnid.ts';
import { killMember, parentOf, runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { User, withServer } from './support/omnictl.ts';
import { Terminal, whyNoTerminal } from './support/terminal.ts';

let user: User;
let server: Omnid;

beforeAll(async () => {
  user = await User.create();
  server = await withServer(user);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await user[Symbol.asyncDispose]();
});

interface Listed {
  readonly id: string;
  readonly label: string;
  readonly identity: { readonly pid: number };
}

/** The lease of a label, once it is there. */
async function leaseOf(label: string): Promise<Listed> {
  return await until(async () => ((await user.json(['list'])) as readonly Listed[]).find((lease) => lease.label === label));
}

/** A command that waits for lines and says them, until one is `end`. */
async function startEcho(terminal: Terminal, label: string, ...options: readonly string[]): Promise<Listed> {
  await writeFile(
    user.folder.file('echo.sh'),
    'echo "here $OMNIMIND_ATTEMPT"\nwhile read -r line; do echo "got $line"; [ "$line" = end ] && exit 7; done\n',
  );
  await terminal.enter(`omnictl run --label ${label} ${options.join(' ')} -- sh echo.sh; echo "code $?"`);
  await terminal.shows('here 1');
  return await leaseOf(label);
}

/** Ends it, where the test did not. */
function end({ identity }: Listed, startTicks: string): void {
  killMember(identity.pid, startTicks);
}

function log(label: string): string {
  const folder = user.folder.file('xdg-state/omnimind');
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.includes(`/runs/${label}-`));
  return readFileSync(`${folder}/${name ?? 'no log'}`, 'utf8');
}

describe.skipIf(whyNoTerminal !== undefined)(
  `on a terminal${whyNoTerminal === undefined ? '' : ` (skipped: ${whyNoTerminal})`}`,
  () => {
    test('the command has one of the same size, reads what is typed, and its exit code is passed on', async () => {
      await using terminal = await Terminal.open(user, { columns: 91, rows: 23 });
      const script = 'for fd in 0 1 2; do [ -t $fd ] && echo "tty $fd"; done; stty size; read word; echo "got $word"; exit 7';
      await terminal.enter(`stty -a > before; omnictl run --label size -- sh -c '${script}'; echo "code $?"; stty -a > after`);
      await terminal.shows('23 91');
      await terminal.enter('hello');
      const screen = await terminal.shows('code 7');
      expect(screen).toContain('tty 0\ntty 1\ntty 2\n23 91\n');
      expect(screen).toMatch(/got hello\nomnictl: the log is\s+\S*\.log\ncode 7/);
      // Lines end as the program wrote them, not as the terminal has them.
      expect(log('size')).toBe('tty 0\ntty 1\ntty 2\n23 91\nhello\ngot hello\n');
      // The terminal is left as it was.
      await terminal.enter('cmp before after && echo same');
      await terminal.shows('\nsame');
    });

    test('a window that changes its size tells the command', async () => {
      await using terminal = await Terminal.open(user);
      const script = 'trap "stty size" WINCH; echo waits; while :; do sleep 0.05; done';
      await terminal.enter(`omnictl run --label winch -- sh -c '${script}'`);
      await terminal.shows('\nwaits');
      await terminal.resize(71, 19);
      await terminal.shows('19 71');
      await terminal.press('C-c');
      await terminal.shows(/omnictl: winch \(pid \d+\) was .*SIGINT/);
    });

    test('Ctrl-Z stops the job, fg and bg take it up again', async () => {
      await using terminal = await Terminal.open(user);
      const { identity } = await startEcho(terminal, 'jobs');
      const startTicks = startTicksOf(identity.pid);
      await terminal.press('C-z');
      await terminal.shows('Stopped');
      expect(stateOf(identity.pid)).toBe('T');
      await terminal.enter('fg');
      await until(() => stateOf(identity.pid) !== 'T');
      await terminal.enter('one');
      await terminal.shows('got one');
      await terminal.press('C-z');
      await terminal.shows(/Stopped[^]*Stopped/);
      await terminal.enter('bg');
      await until(() => stateOf(identity.pid) !== 'T');
      // In the background it leaves the shell what is typed.
      await terminal.enter('echo "shell $((40 + 2))"');
      await terminal.shows('shell 42');
      await terminal.enter('fg');
      await until(async () => {
        // The shell says nothing to a job that it brings back: it finds out by itself.
        await terminal.enter('end');
        return (await terminal.screen()).includes('got end');
      }, 300);
      await until(() => !runs(identity.pid, startTicks));
    });

    test('a program that asks its terminal to stop it is asked for too', async () => {
      await using terminal = await Terminal.open(user);
      await terminal.enter(`omnictl run --label self -- sh -c 'kill -TSTP $$; echo "again $((1 + 1))"'`);
      await terminal.shows('Stopped');
      await terminal.enter('fg');
      await terminal.shows('again 2');
    });

    test('closing the terminal does not end the job; attach comes back to it', async () => {
      const first = await Terminal.open(user);
      const lease = await startEcho(first, 'closed');
      const startTicks = startTicksOf(lease.identity.pid);
      try {
        await first.close();
        await using second = await Terminal.open(user);
        expect(runs(lease.identity.pid, startTicks)).toBe(true);
        expect(await user.omnictl(['may-kill', String(lease.identity.pid)])).toMatchObject({ code: 1 });
        await second.enter(`omnictl attach ${lease.id}; echo "code $?"`);
        await second.shows('here 1');
        await second.enter('back');
        await second.shows('got back');
        await second.enter('end');
        await second.shows(/the log is\s[^]*code 7/);
      } finally {
        end(lease, startTicks);
      }
    });

    test('a wrapper that is killed leaves the command protected and running, and nothing is lost', async () => {
      await using terminal = await Terminal.open(user);
      const lease = await startEcho(terminal, 'orphan');
      const startTicks = startTicksOf(lease.identity.pid);
      try {
        const wrapper = await wrapperOn(terminal);
        killMember(wrapper, startTicksOf(wrapper));
        await terminal.shows('code 137');
        expect(runs(lease.identity.pid, startTicks)).toBe(true);
        expect(await leaseOf('orphan')).toMatchObject({ state: 'active', rootAlive: true });
        await using other = await Terminal.open(user);
        await other.enter(`omnictl attach ${lease.id}; echo "code $?"`);
        await other.enter('end');
        await other.shows('code 7');
        expect(log('orphan')).toBe('here 1\nend\ngot end\n');
      } finally {
        end(lease, startTicks);
      }
    });

    test('a holder that is killed takes the command along, and the terminal is usable', async () => {
      await using terminal = await Terminal.open(user);
      const lease = await startEcho(terminal, 'held');
      const startTicks = startTicksOf(lease.identity.pid);
      const holder = parentOf(lease.identity.pid);
      killMember(holder, startTicksOf(holder));
      await terminal.shows(/the holder of its terminal was killed[^]*code 70/);
      await until(() => !runs(lease.identity.pid, startTicks));
      await terminal.enter(`omnictl attach ${lease.id}; echo "code $?"`);
      await terminal.shows(/nothing to attach to: [^]*code 1/);
    });

    test('two may be attached; what a signal to the wrapper says, the command hears', async () => {
      await using terminal = await Terminal.open(user);
      const lease = await startEcho(terminal, 'shared');
      await using other = await Terminal.open(user);
      await other.enter(`omnictl attach ${lease.id}; echo "code $?"`);
      await other.shows('here 1');
      await terminal.enter('one');
      await other.shows('got one');
      await other.enter('two');
      await terminal.shows('got two');
      process.kill(await wrapperOn(other), 'SIGTERM');
      await terminal.shows(/was ended by SIGTERM[^]*code 143/);
      await other.shows('code 143');
    });

    test('a foreign SIGKILL is told of, and where it was asked for the command is started again on the same terminal', async () => {
      await using terminal = await Terminal.open(user);
      const lease = await startEcho(terminal, 'again', '--retry-on-kill', '1');
      killMember(lease.identity.pid, startTicksOf(lease.identity.pid));
      await terminal.shows('here 2');
      const second = await until(async () => {
        const now = await leaseOf('again');
        return now.id !== lease.id && now;
      });
      await using other = await Terminal.open(user);
      await other.enter(`omnictl attach ${second.id}`);
      await other.shows('here 2');
      await terminal.enter('end');
      await terminal.shows('code 7');
      expect(log('again')).toBe('here 1\nhere 2\nend\ngot end\n');
    });

    test('what the command leaves running keeps its terminal, its log and its protection', async () => {
      await using terminal = await Terminal.open(user);
      const stop = user.folder.file('left-stop');
      const left = `(trap "" HUP; while [ ! -e ${stop} ]; do sleep 0.05; done; echo late; [ -t 1 ] && echo tty) &`;
      await terminal.enter(`omnictl run --label left -- sh -c '${left} echo "root $$"'; echo "code $?"`);
      try {
        await terminal.shows('code 0');
        expect(await leaseOf('left')).toMatchObject({ rootAlive: false, state: 'active' });
      } finally {
        // It ends by this alone, whatever became of the test.
        await writeFile(stop, '');
      }
      await until(() => log('left').endsWith('late\ntty\n'));
    });

    test('a job in the background is not stopped for its terminal', async () => {
      await using terminal = await Terminal.open(user);
      await terminal.enter(
        `omnictl run --label behind -- sh -c 'echo "begun $((1 + 1))"; read word; echo "got $word"; exit 3' &`,
      );
      await terminal.shows('begun 2');
      await terminal.enter('fg');
      await until(async () => {
        await terminal.enter('word');
        return (await terminal.screen()).includes('got word');
      }, 300);
    });

    test('a lot that is printed, and a lot that is pasted, arrives whole', async () => {
      await using terminal = await Terminal.open(user);
      await terminal.enter(`omnictl run --label much -- sh -c 'seq 100000; echo "line ends"'; echo "code $?"`);
      await terminal.shows('code 0');
      const numbers = Array.from({ length: 100_000 }, (_, index) => `${String(index + 1)}\n`).join('');
      expect(log('much')).toBe(`${numbers}line ends\n`);
      await terminal.enter(`omnictl run --label paste -- sh -c 'stty raw -echo; echo paste; head -c 20000 | wc -c; stty sane'`);
      await terminal.shows('\npaste');
      for (let part = 0; part < 10; part += 1) await terminal.type('x'.repeat(2000));
      await terminal.shows(/20000/);
    });
  },
);

test('there is nothing to attach to where there is no such lease, or no terminal of ours', async () => {
  expect(await user.omnictl(['attach', 'ls-abcdefghijklmnop'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing to attach to: no lease has the id'),
  });
  expect(await user.omnictl(['attach', '../../x'])).toMatchObject({ code: 2 });
  await using running = user.start(['run', '--label', 'plain', '--', 'sleep', '1000']);
  const { id, identity } = await leaseOf('plain');
  expect(await user.omnictl(['attach', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('not started by') });
  killMember(identity.pid, startTicksOf(identity.pid));
  await running.result;
});

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

/** The omnictl that runs in the shell of a terminal. */
async function wrapperOn(terminal: Terminal): Promise<number> {
  const shell = await terminal.shellPid();
  return await until(() =>
    readFileSync(`/proc/${String(shell)}/task/${String(shell)}/children`, 'latin1')
      .trim()
      .split(' ')
      .map(Number)
      .find((pid) => pid > 0),
  );
}
