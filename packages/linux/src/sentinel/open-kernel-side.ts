import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Adopted } from './adopted.ts';
import { attachPrograms } from './attach.ts';
import type { KernelSide } from './kernel-side.ts';
import { loadPrograms, type LoadOptions } from './load.ts';
import { objectFile as committedObject, type BpfObject } from './object.ts';
import { Pins } from './pins.ts';
import type { ProgramState } from './programs.ts';

/** What a reader needs of the maps; programs keep the others. */
const pinnedMaps = ['events', 'tallies', 'slots', 'free_slots', 'drops', 'execs', 'marks', 'leases'] as const;

/** The kernel side, attached. */
export interface Opened {
  readonly object: KernelSide;
  readonly programs: readonly ProgramState[];
  /** Where it is pinned. */
  readonly pins?: Pins;
  /** Why it is not, where it was to be. */
  readonly pinFailure?: Error;
  /** It was there already. */
  readonly adopted: boolean;
}

/**
 * Takes over what an earlier process pinned, where it is the same object; loads and attaches, and pins, otherwise.
 * @throws SentinelUnavailable
 */
export function openKernelSide(options: LoadOptions & { readonly pinFolder?: string }): Opened {
  const { pinFolder } = options;
  if (pinFolder === undefined) return attach(options);
  const pins = new Pins(join(pinFolder, versionOf(options)));
  if (pins.complete) {
    const object = new Adopted(pins);
    return { object, programs: object.programs, pins, adopted: true };
  }
  // Of one that was ended in the middle of it.
  pins.remove();
  const opened = attach(options);
  const pinFailure = pinAll(pins, opened.object);
  return pinFailure === undefined ? { ...opened, pins } : { ...opened, pinFailure };
}

function attach(options: LoadOptions): Opened & { readonly object: BpfObject } {
  const loaded = loadPrograms(options);
  try {
    return { object: loaded.object, programs: attachPrograms(loaded), adopted: false };
  } catch (error) {
    loaded.object.close();
    throw error;
  }
}

/** All or nothing. @returns why not */
function pinAll(pins: Pins, object: BpfObject): Error | undefined {
  try {
    pins.make();
    for (const name of pinnedMaps) pins.pinMap(name, object.mapFd(name));
    for (const [name, fd] of object.links) pins.pinLink(name, fd);
    pins.finish(object.mapFd('events'));
    return undefined;
  } catch (error) {
    pins.remove();
    return error as Error;
  }
}

/** Only the same programs with the same maps can be gone on with. */
function versionOf({ objectFile = committedObject, ringBytes, guard }: LoadOptions): string {
  const image = readFileSync(objectFile);
  return createHash('sha256').update(image).update(`${ringBytes} ${guard}`).digest('hex').slice(0, 16);
}
