import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { environmentOf } from '#test/support/server/omnid.ts';
import type { Served } from '#test/support/server/served.ts';

/** Debian's own interpreter: its modules are packages that `.ci/run` installs. */
export const python = '/usr/bin/python3';

export const packageFolder = fileURLToPath(new URL('../../../../packages/python', import.meta.url));

/** @returns why a test that needs these modules must be skipped; undefined where it need not */
export function skipReason(...modules: readonly string[]): string | undefined {
  if (!existsSync(python)) return `needs ${python}`;
  const missing = modules.filter((name) => spawnSync(python, ['-c', `import ${name}`]).status !== 0);
  return missing.length === 0 ? undefined : `needs the Python modules ${missing.join(', ')}`;
}

export function skipWords(reason: string | undefined): string {
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}

/** The surroundings of a program that knows this server, and imports the client from its source. */
export function pythonEnvironment({ folder, omnid }: Served): Record<string, string> {
  return {
    ...environmentOf(folder),
    OMNIMIND_SOCKET: omnid.socket,
    PYTHONPATH: packageFolder,
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
}

export interface PythonResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Python program of the test's own, that is killed where the test ends before it. */
export class PythonProgram {
  readonly child: ChildProcess;
  readonly result: Promise<PythonResult>;
  #stdout = '';
  #stderr = '';
  #wake: (() => void)[] = [];

  constructor(args: readonly string[], env: Record<string, string>, cwd = '/') {
    this.child = spawn(python, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
      for (const wake of this.#wake.splice(0)) wake();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.result = once(this.child, 'close').then(([code]) => {
      for (const wake of this.#wake.splice(0)) wake();
      return { code: code as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
    onTestFinished(async () => {
      this.child.kill('SIGKILL');
      await this.result;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves with the first match in what it has printed. @throws Error where it ends without */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#stdout);
      if (found !== null) return found;
      if (this.child.stdout?.readableEnded === true) {
        throw new Error(`ended without ${String(pattern)}:\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  say(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Closes its standard input. */
  finish(): void {
    this.child.stdin?.end();
  }
}

/** Runs a program to its end. @throws Error with what it said where it failed */
export async function runPython(served: Served, program: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new PythonProgram(['-c', program, ...args], pythonEnvironment(served)).result;
  if (code !== 0) throw new Error(`status ${String(code)}\n${stdout}\n${stderr}`);
  return stdout;
}
