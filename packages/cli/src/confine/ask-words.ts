import { basename } from 'node:path';

/** How a program asks, in one language. */
export interface AskWay {
  readonly language: 'shell' | 'Python' | 'Node';
  /** Lines that run as they stand, with their ends. */
  readonly code: string;
}

const shell: AskWay = {
  language: 'shell',
  code: `# The server asks the process to end, waits, looks again, and only then sends SIGKILL. Exit status 0: it is gone.
omnictl kill "$PID" --grace 10s --reason "memory is short"
# Before picking a victim: 0 only where the server positively allows it.
omnictl may-kill --quiet "$PID"
`,
};

const python: AskWay = {
  language: 'Python',
  code: `import subprocess


def may_kill(pid: int) -> bool:
    """Ask before picking a victim: True only where the server positively allows it."""
    return subprocess.run(["omnictl", "may-kill", "--quiet", str(pid)]).returncode == 0


def kill(pid: int, reason: str) -> bool:
    """In place of os.kill(pid, 9) and proc.kill(): the server does it. True: the process is gone."""
    command = ["omnictl", "kill", str(pid), "--grace", "10s", "--reason", reason, "--quiet"]
    return subprocess.run(command).returncode == 0
`,
};

const node: AskWay = {
  language: 'Node',
  code: `import { connect, mayKill } from 'omnimind-protector';

// Before picking a victim: true only where the server positively allows it.
const allowed = await mayKill([pid]);

// In place of process.kill(pid, 'SIGKILL'): the server does it.
await using client = await connect();
const { outcome } = await client.call('process.terminate', { pid, graceMs: 10_000, reason: 'memory is short' });
const isGone = outcome === 'exited' || outcome === 'killed';
`,
};

const byProgram: readonly (readonly [RegExp, AskWay])[] = [
  [/^(python[\d.]*|pypy[\d.]*|pytest|uvicorn|gunicorn|jupyter(-\w+)?|.*\.py)$/, python],
  [/^(node|nodejs|npm|npx|tsx|deno|bun|.*\.[cm]?[jt]s)$/, node],
  [/^((ba|da|z|k|fi|a)?sh|.*\.sh)$/, shell],
];

/**
 * How a confined program asks the server to kill, in place of doing it.
 *
 * @param words the command; its language is told by the program's name
 * @returns in the program's language, or in all where that does not show
 */
export function askWords(words: readonly string[]): readonly AskWay[] {
  const [program = ''] = words;
  const found = byProgram.find(([name]) => name.test(basename(program)));
  return found === undefined ? [shell, python, node] : [found[1]];
}
