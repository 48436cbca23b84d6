import { errnoName } from '../errno.ts';
import { BpfMap } from './bpf-map.ts';
import type { Loaded } from './load.ts';
import type { BpfObject } from './object.ts';
import { guardPrograms, optionalPrograms, requiredPrograms, type ProgramState } from './programs.ts';
import { loadFailure } from './unavailable.ts';

/**
 * Attaches what was loaded.
 * @returns every program, as it is now
 * @throws SentinelUnavailable where a required one cannot be attached
 */
export function attachPrograms({ object, skipped }: Loaded): ProgramState[] {
  const required = requiredPrograms.map((name): ProgramState => {
    const errno = -object.attach(name);
    if (errno !== 0) throw loadFailure(errno, `${name} cannot be attached`);
    return { name, attached: true };
  });
  const optional = optionalPrograms.map((name) => attachOptional(object, skipped, name));
  return [...required, ...optional, ...attachGuard(object, skipped)];
}

function attachOptional(object: BpfObject, skipped: ReadonlyMap<string, string>, name: string): ProgramState {
  const why = skipped.get(name);
  if (why !== undefined) return { name, attached: false, why };
  const errno = -object.attach(name);
  return errno === 0 ? { name, attached: true } : { name, attached: false, why: `it cannot be attached (${errnoName(errno)})` };
}

/** All of them or none: a guard with a hole would promise what it does not keep. */
function attachGuard(object: BpfObject, skipped: ReadonlyMap<string, string>): ProgramState[] {
  const states = guardPrograms.map((name) => attachOptional(object, skipped, name));
  const failed = states.find(({ attached }) => !attached);
  if (failed === undefined) return isAsked(object) ? states : detachGuard(object, states, NOT_ASKED);
  return detachGuard(object, states, `detached, for ${failed.name} is missing`);
}

const NOT_ASKED = 'the kernel never asks it: bpf must be in its lsm= list (boot parameter lsm=, or CONFIG_LSM)';

function detachGuard(object: BpfObject, states: readonly ProgramState[], words: string): ProgramState[] {
  return states.map(({ name, attached, why }) => {
    if (attached) object.detach(name);
    return { name, attached: false, why: why ?? words };
  });
}

/**
 * Does the kernel ask the guard about signals? Where `bpf` is not among its active security modules, the programs are
 * loaded and attached all the same, and nothing ever calls them.
 */
function isAsked(object: BpfObject): boolean {
  const map = new BpfMap(object.mapFd('guard_asked'), 8);
  const key = new Uint8Array(4);
  const before = map.lookup(key)?.toString();
  process.kill(process.pid, 0);
  return map.lookup(key)?.toString() !== before;
}
