import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findSocket, stateFolder } from '#client/index.ts';
import { distrust } from '#client/trust.ts';
import type { Globals } from '../globals.ts';
import { logPath } from '../server/log-file.ts';
import { confinement, readSurroundings } from '../server/may-start.ts';
import { cliVersion } from '../version.ts';

/** Something that omnictl can see without a server. */
export interface LocalFact {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to change, where it is not as it should be. */
  readonly fix?: string;
}

/** Looks around: sockets, their folders, versions, and whether a server may be started from here. */
export function readLocalFacts(globals: Globals): readonly LocalFact[] {
  const sockets = findSocket(globals.socket === undefined ? {} : { socket: globals.socket });
  return [
    { name: 'omnictl', ok: true, found: cliVersion },
    nodeFact(process.versions.node),
    ...sockets.map(socketFact),
    startFact(confinement(readSurroundings())),
    { name: 'state folder', ok: true, found: stateFolder() },
    { name: 'log of a started server', ok: true, found: logPath() },
  ];
}

/** @param version of node, as 24.21.0 */
export function nodeFact(version: string): LocalFact {
  const ok = Number.parseInt(version, 10) >= 24;
  return { name: 'node', ok, found: version, ...(ok ? {} : { fix: 'node 24 or later' }) };
}

function startFact(reason: string | undefined): LocalFact {
  const name = 'starting a server from here';
  if (reason === undefined) return { name, ok: true, found: 'register and run do it' };
  return { name, ok: false, found: reason, fix: 'start omnid by hand, outside' };
}

/** By the client's own rule: what it says here is what every command does. */
function socketFact(path: string): LocalFact {
  const name = `socket ${path}`;
  const socket = lstatSync(path, { throwIfNoEntry: false });
  if (socket === undefined) return { name, ok: true, found: 'not there' };
  const reason = distrust(socket, statSync(dirname(path)), process.geteuid?.());
  if (reason === undefined) return { name, ok: true, found: `there, of uid ${String(socket.uid)}` };
  return { name, ok: false, found: reason, fix: 'only a server of root or your own is talked to: see --socket' };
}
