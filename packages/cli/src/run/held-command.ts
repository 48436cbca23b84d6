import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { gateScript } from './gate-script.ts';

/** Where the held process waits. Above what make(1) and shells hand down to their children by number. */
const gateFd = 9;

/** How a command ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A command whose process is there, and waits before its first instruction. */
export interface HeldCommand {
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ending>;
  /** Whether it has. */
  readonly hasEnded: boolean;
  /** Lets the command begin. @param marker of its lease; undefined: it runs unprotected */
  go(marker: string | undefined): void;
  /** It will not begin: its process ends. */
  cancel(): void;
  /** Sends it a signal; nothing where it has ended. */
  signal(signal: NodeJS.Signals): void;
}

/**
 * Makes the process of a command, and holds it: a shell waits for a line and then becomes the command, so the pid that
 * is registered is the command's own. Where omnictl dies before that, the line never comes and the command never runs.
 *
 * @param command program and arguments
 * @param env its environment; the shell adds OMNIMIND_LEASE and OMNIMIND_SCRIPT_PID
 * @param ignored names of signals that the command is to ignore from the start, as `HUP`
 * @param prefix words in front of the shell's, which become it by exec
 * @param output what it has as its standard output and error; default: ours
 * @throws the system's error where not even the shell can be started
 */
export async function holdCommand(
  command: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
  ignored: readonly string[],
  prefix: readonly string[],
  output: readonly [stdout: number, stderr: number] = [1, 2],
): Promise<HeldCommand> {
  // 'ignore' above 2 leaves what is there: descriptors that were handed down to us go on to the command.
  const between = Array.from({ length: gateFd - 3 }, () => 'ignore' as const);
  const [program = '', ...args] = [...prefix, '/bin/sh', '-c', gateScript(ignored, gateFd), 'sh', ...command];
  const child = spawn(program, args, {
    env,
    stdio: ['inherit', ...output, ...between, 'pipe'],
  });
  const ended = endOf(child);
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve).once('error', reject);
  });
  const streams: readonly unknown[] = child.stdio;
  const gate = streams[gateFd] as Writable;
  // Where the process is killed while it waits, its end tells it; the gate has nothing to add.
  gate.on('error', () => undefined);
  return {
    pid: child.pid ?? 0,
    ended,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    go: (marker) => gate.end(`${marker ?? ''}\n`),
    cancel: () => gate.destroy(),
    signal: (signal) => child.kill(signal),
  };
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
}
