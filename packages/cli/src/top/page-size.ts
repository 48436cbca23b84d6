import { readFileSync } from 'node:fs';

/** AT_PAGESZ of the auxiliary vector (getauxval(3)). */
const pageSizeKey = 6n;
const pageSizeDefault = 4096;
const pairBytes = 16;

/** Bytes of a page of memory: field 24 of /proc/PID/stat counts in pages. */
export function pageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + pairBytes <= vector.length; at += pairBytes) {
      if (vector.readBigUInt64LE(at) === pageSizeKey) return Number(vector.readBigUInt64LE(at + pairBytes / 2));
    }
  } catch {
    // Without /proc there is nothing to multiply either.
  }
  return pageSizeDefault;
}
