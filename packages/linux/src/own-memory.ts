import { readFileSync, readlinkSync } from 'node:fs';
import { adviseMemory, trimHeap } from './ffi.ts';

/** include/uapi/asm-generic/mman-common.h */
const MADV_DONTNEED = 4;

const header = /^([0-9a-f]+)-([0-9a-f]+) (r-[-x]p) \S+ \S+ \S+ +(\/.+)$/;
const written = /^Anonymous: +(\d+) kB$/;

/**
 * Gives memory back that a program which rests does not use: what malloc holds free, and the mapped pages of the program's
 * own file. Start-up, compilers and a burst of work leave 30 MiB of Node's code and tables mapped, of which a resting program
 * uses a few. Nothing is lost: a mapping that may not be written and holds no page of its own (Anonymous in smaps,
 * proc_pid_smaps(5)) is the file's alone, stays in the page cache, and is mapped again where the program comes to it (a
 * fraction of a millisecond for all that one request needs).
 *
 * @returns bytes of mappings that were given back; 0 where /proc does not tell
 */
export function releaseOwnMemory(): number {
  trimHeap();
  let releasedBytes = 0;
  for (const { address, length } of ownCleanMappings()) {
    if (adviseMemory(address, length, MADV_DONTNEED) === 0) releasedBytes += length;
  }
  return releasedBytes;
}

interface Mapping {
  readonly address: number;
  readonly length: number;
}

function ownCleanMappings(): readonly Mapping[] {
  try {
    return cleanMappings(readFileSync('/proc/self/smaps', 'utf8'), readlinkSync('/proc/self/exe'));
  } catch {
    return [];
  }
}

/**
 * The mappings of one file that may not be written and hold nothing but the file's pages. One that the linker wrote to
 * before it was protected (RELRO) holds pages of its own, and those would be lost.
 *
 * @param smaps text of /proc/PID/smaps
 */
export function cleanMappings(smaps: string, path: string): readonly Mapping[] {
  const found: Mapping[] = [];
  let mapping: Mapping | undefined;
  for (const line of smaps.split('\n')) {
    const anonymous = mapping === undefined ? null : written.exec(line);
    if (mapping !== undefined && anonymous !== null) {
      if (anonymous[1] === '0') found.push(mapping);
      mapping = undefined;
      continue;
    }
    const [, start = '', end = '', , file] = header.exec(line) ?? [];
    if (file !== path) continue;
    const address = Number.parseInt(start, 16);
    mapping = { address, length: Number.parseInt(end, 16) - address };
  }
  return found;
}
