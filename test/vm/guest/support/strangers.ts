import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a command went, and what it printed. */
export interface Went {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts what is behind it as a grandchild of the scenario: not a helper of a common ancestor, as a child of ours is. */
const asGrandchild = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'] as const;

/** Who runs it, where it is not root. */
export interface StrangerOptions {
  readonly uid?: number;
}

/** Runs a command as somebody who has nothing to do with the processes that the scenario started. */
export async function stranger(command: readonly string[], { uid }: StrangerOptions = {}): Promise<Went> {
  const [file, ...args] = asGrandchild;
  const child = spawn(file, [...args, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { ...text, code, signal };
}

/** A shell script of a stranger's; `kill` is the shell's own there. */
export function strangersScript(script: string, ...args: readonly (string | number)[]): Promise<Went> {
  return stranger(['/bin/sh', '-c', script, 'sh', ...args.map(String)]);
}

/** A Perl program of a stranger's: the way to any system call without a compiler. */
export function strangersPerl(program: string, ...args: readonly (string | number)[]): Promise<Went> {
  return stranger(['perl', '-e', program, '--', ...args.map(String)]);
}
