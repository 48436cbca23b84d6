import { EAGAIN, errnoName } from '../errno.ts';
import { BpfObject } from './object.ts';
import { refusesLsmPrograms } from './probe-lsm.ts';
import { guardPrograms, optionalPrograms, requiredPrograms } from './programs.ts';
import { loadFailure } from './unavailable.ts';

const LOAD_ATTEMPTS = 4;

export interface LoadOptions {
  /** Another object than the committed one. */
  readonly objectFile?: string;
  /** Load the guard's programs where the kernel lets us. */
  readonly guard: boolean;
  /** Size of the ring: a power of two. */
  readonly ringBytes: number;
}

/** Names of programs that are left out, each with the reason. */
type Skipped = Map<string, string>;

/** Programs that are in the kernel, not attached yet. */
export interface Loaded {
  readonly object: BpfObject;
  readonly skipped: ReadonlyMap<string, string>;
}

/**
 * Loads what the kernel takes: everything, or else without the guard, or else without what is optional. One program
 * that is refused has them all refused, so each step begins with a new object.
 * @throws SentinelUnavailable where not even the required programs are taken
 */
export function loadPrograms(options: LoadOptions): Loaded {
  const skipped: Skipped = new Map();
  const unguarded = whyUnguarded(options);
  if (unguarded !== undefined) skip(skipped, guardPrograms, unguarded);
  const steps = unguarded === undefined ? [guardPrograms, optionalPrograms, []] : [optionalPrograms, []];
  let errno = 0;
  for (const next of steps) {
    const tried = tryLoad(options, skipped);
    if (typeof tried !== 'number') return { object: tried, skipped };
    errno = tried;
    skip(skipped, next, `the kernel refused it (${errnoName(errno)})`);
  }
  throw loadFailure(errno, refusalWords(options, skipped));
}

/** @returns why the guard is not even tried */
function whyUnguarded({ guard }: LoadOptions): string | undefined {
  if (!guard) return 'not asked for';
  return refusesLsmPrograms() ? 'the kernel refuses programs of this kind (EPERM)' : undefined;
}

/**
 * The verifier gives up (EAGAIN) whenever this process has a signal pending, a profiler's for one: it is asked again.
 * @returns the errno where it failed, positive
 */
function tryLoad(options: LoadOptions, skipped: ReadonlyMap<string, string>): BpfObject | number {
  let errno = 0;
  for (let attempt = 0; attempt < LOAD_ATTEMPTS; attempt += 1) {
    const object = openObject(options, skipped);
    errno = -object.load();
    if (errno === 0) return object;
    object.close();
    if (errno !== EAGAIN) break;
  }
  return errno;
}

function openObject({ objectFile, ringBytes }: LoadOptions, skipped: ReadonlyMap<string, string>): BpfObject {
  const object = new BpfObject(objectFile);
  object.setMaxEntries('events', ringBytes);
  for (const name of skipped.keys()) object.skip(name);
  return object;
}

/** Loads once more, with the verifier's log. @returns its last line; empty where it said nothing */
function refusalWords(options: LoadOptions, skipped: ReadonlyMap<string, string>): string {
  const object = openObject(options, skipped);
  for (const name of requiredPrograms) object.keepLog(name);
  object.load();
  const words = requiredPrograms.map((name) => object.logOf(name)).find((line) => line !== '');
  object.close();
  return words ?? '';
}

function skip(skipped: Skipped, names: readonly string[], why: string): void {
  for (const name of names) skipped.set(name, why);
}
