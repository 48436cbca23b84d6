import { readFileSync } from 'node:fs';
import type { HeldCommand } from './held-command.ts';

/** Passed on as they come. Others end or stop omnictl as they would any program; the command goes on. */
const forwarded = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH', 'SIGALRM'] as const;

/** From a keyboard these reach the command too: it is in the same process group. */
const fromKeyboard = ['SIGINT', 'SIGQUIT'] as const;

/** These ask for an end. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT']);

/** The passing on of signals, until it is disposed of. */
export interface Forwarding extends Disposable {
  /** Whether one came that asks for an end: from a keyboard too. */
  readonly wasToldToEnd: boolean;
}

/**
 * Passes signals on to the command. SIGINT and SIGQUIT only where they cannot have come from the terminal: a command that
 * got each Ctrl-C twice would take the second for impatience.
 *
 * @returns stops it
 */
export function forwardSignals(command: HeldCommand): Forwarding {
  let wasToldToEnd = false;
  const forward = (signal: NodeJS.Signals): void => {
    wasToldToEnd ||= ending.has(signal);
    command.signal(signal);
  };
  const forwardUnlessTyped = (signal: NodeJS.Signals): void => {
    wasToldToEnd = true;
    if (!isInForeground(readFileSync('/proc/self/stat', 'utf8'))) command.signal(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  for (const signal of fromKeyboard) process.on(signal, forwardUnlessTyped);
  return {
    get wasToldToEnd() {
      return wasToldToEnd;
    },
    [Symbol.dispose]: () => {
      for (const signal of forwarded) process.off(signal, forward);
      for (const signal of fromKeyboard) process.off(signal, forwardUnlessTyped);
    },
  };
}

/**
 * Is the process in the foreground group of a terminal: one whose Ctrl-C it gets, together with its children?
 *
 * @param stat text of /proc/PID/stat
 */
export function isInForeground(stat: string): boolean {
  // state, ppid, pgrp, session, tty_nr, tpgid follow the name, which may hold anything.
  const [, , group, , terminal, foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return terminal !== '0' && group === foregroundGroup;
}
