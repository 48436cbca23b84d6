import { randomBytes } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const characters = 20;

/** A new opaque lease id: `ls-` and 100 random bits in base32 (RFC 4648, lower case). */
export function newLeaseId(): string {
  let id = 'ls-';
  for (const byte of randomBytes(characters)) id += alphabet.charAt(byte & 31);
  return id;
}
