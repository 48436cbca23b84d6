import { randomBytes } from 'node:crypto';
import { ignoredSignalsVariable } from './ignored-signals.ts';

const markerBytes = 32;

/** A secret that the command's tree carries: by it the server finds descendants that were re-parented. */
export function createMarker(): string {
  return randomBytes(markerBytes).toString('base64url');
}

/** The environment of a command under `run`: the caller's, the mark that cooperating killers know, and nothing else changed. */
export function commandEnvironment(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const command: NodeJS.ProcessEnv = { ...env, OMNIMIND_DEV_SCRIPT_MODE: 'true' };
  delete command[ignoredSignalsVariable];
  return command;
}
