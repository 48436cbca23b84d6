import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { serverEnvironment } from './environment.ts';

/** Forks once more and ends: omnid is nobody's child but init's, in a session of its own, and belongs to no tree. */
const detach = '"$@" &';

const lifelineFd = 3;

/** A server that was started, as its starter sees it. */
export interface StartedServer {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Looks no longer whether it ends. It goes on. */
  release(): void;
}

/**
 * Starts a server in a session of its own, cwd /, with a clean environment.
 *
 * @param command program and arguments
 * @param logFd where its stderr goes
 */
export function spawnOmnid(command: readonly string[], logFd: number): StartedServer {
  const child = spawn('/bin/sh', ['-c', detach, 'sh', ...command], {
    cwd: '/',
    detached: true,
    env: serverEnvironment(process.env),
    stdio: ['ignore', 'ignore', logFd, 'pipe'],
  });
  // The other end is inherited by omnid and nobody else: it closes with omnid, whoever is omnid's parent by then.
  const lifeline = child.stdio[lifelineFd] as Readable;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('error', () => {
    resolve();
  });
  lifeline.once('close', resolve).resume();
  return {
    ended: promise,
    release: () => {
      lifeline.destroy();
      child.unref();
    },
  };
}
