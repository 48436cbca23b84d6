import { closeSync, openSync, readSync } from 'node:fs';
import { ignoredSignalsVariable } from './ignored-signals.ts';
import type { Mode } from './run-options.ts';

const markerBytes = 32;

/** A secret that the command's tree carries: by it the server finds descendants that were re-parented. */
export function createMarker(): string {
  // From the kernel itself: to load node:crypto takes longer than a short command.
  const fd = openSync('/dev/urandom', 'r');
  try {
    const secret = Buffer.alloc(markerBytes);
    if (readSync(fd, secret) !== markerBytes) throw new Error('/dev/urandom gave too few bytes');
    return secret.toString('base64url');
  } finally {
    closeSync(fd);
  }
}

/** What `run` tells the command in its environment, besides what the held process knows (OMNIMIND_SCRIPT_PID, OMNIMIND_LEASE). */
export interface CommandSetting {
  /** undefined: the caller's, where it has one. */
  readonly mode?: Mode | undefined;
  /** 1 is the first. */
  readonly attempt: number;
}

/** The environment of a command under `run`: the caller's, the mark that cooperating killers know, and nothing else changed. */
export function commandEnvironment(env: Readonly<NodeJS.ProcessEnv>, { mode, attempt }: CommandSetting): NodeJS.ProcessEnv {
  const command: NodeJS.ProcessEnv = { ...env, OMNIMIND_DEV_SCRIPT_MODE: 'true', OMNIMIND_ATTEMPT: String(attempt) };
  if (mode !== undefined) command['OMNIMIND_RESOURCE_PROTECTOR_MODE'] = mode;
  delete command[ignoredSignalsVariable];
  return command;
}
