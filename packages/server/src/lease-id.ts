import { randomFillSync } from 'node:crypto';

/** The characters of base32 in the order of their codes: ids sort by their time. */
const alphabet = Buffer.from('234567abcdefghijklmnopqrstuvwxyz');
const prefix = 'ls-';
const timeCharacters = 9;
const randomCharacters = 11;
const randomFrom = prefix.length + timeCharacters;
const id = Buffer.from(prefix.padEnd(randomFrom + randomCharacters));

/** Random bytes for many ids: to ask for a few costs as much as for many. */
const random = Buffer.alloc(64 * randomCharacters);
let randomUsed = random.length;

/**
 * A new opaque lease id: `ls-` and 100 bits. The first 45 are the time in milliseconds (till the year 3084): new rows
 * go to the end of each index that way, and a commit of many writes one page of it and not one for each. The rest is
 * random. It is made in one piece: a string that is put together keeps its parts, and there is one in every lease.
 *
 * @param wallMs now
 */
export function newLeaseId(wallMs: number = Date.now()): string {
  let rest = wallMs;
  for (let at = randomFrom - 1; at >= prefix.length; at -= 1) {
    id[at] = character(rest % 32);
    rest = Math.floor(rest / 32);
  }
  if (randomUsed === random.length) {
    randomFillSync(random);
    randomUsed = 0;
  }
  for (let at = randomFrom; at < id.length; at += 1, randomUsed += 1) id[at] = character(random[randomUsed] ?? 0);
  return id.toString('latin1');
}

function character(bits: number): number {
  return alphabet[bits & 31] ?? 0;
}
