import { spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Context } from '../../context.ts';
import { waitForServer } from '../wait-for-server.ts';
import type { RunOptions } from '../run-options.ts';
import { frame, frameKinds } from './frames.ts';
import { holderWord } from './holder-word.ts';
import type { Start } from './messages.ts';
import { OwnTerminal } from './own-terminal.ts';
import { view } from './viewer.ts';

const holderFd = 3;

/**
 * Runs a command on a terminal of its own, which a holder in a session of its own has: it stays when ours is closed.
 *
 * @returns the exit code
 */
export async function runOnTerminal(context: Context, words: readonly string[], options: RunOptions): Promise<number> {
  const terminal = new OwnTerminal();
  const { size, modes } = terminal;
  const holder = startHolder();
  const treatment = modes === undefined ? {} : { modes: Buffer.from(modes).toString('base64') };
  const start: Start = { words, options, globals: context.globals, size, ...treatment };
  holder.write(frame(frameKinds.start, JSON.stringify(start)));
  return await view(context, terminal, holder, waitForServer(context.output));
}

/** This program once more, in a session without a terminal. */
function startHolder(): Socket {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', holderWord], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  // It is nobody's business how it ends: the socket says it.
  child.on('error', () => undefined).unref();
  return child.stdio[holderFd] as Duplex as Socket;
}
