/** The round constants of SHA-256: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const constants: Uint32Array = roots(64, (prime) => Math.cbrt(prime));
/** The state that it starts from: the same of the square roots of the first 8 primes. */
const start: Uint32Array = roots(8, (prime) => Math.sqrt(prime));

const blockBytes = 64;
/** A 1 bit, and the length in bits. */
const paddingBytesMin = 9;

/**
 * What the server keeps of a marker, and what names its cgroup: SHA-256 (FIPS 180-4) in base64url. By hand, for a text of
 * some 40 characters: to load node:crypto takes longer than a short command.
 */
export function markerDigest(marker: string): string {
  const message = Buffer.from(marker, 'latin1');
  const padded = Buffer.alloc(Math.ceil((message.length + paddingBytesMin) / blockBytes) * blockBytes);
  message.copy(padded);
  padded[message.length] = 0x80;
  padded.writeUInt32BE(message.length * 8, padded.length - 4);
  const state = Uint32Array.from(start);
  for (let at = 0; at < padded.length; at += blockBytes) addBlock(state, padded.subarray(at, at + blockBytes));
  const digest = Buffer.alloc(state.length * 4);
  for (const [index, word] of state.entries()) digest.writeUInt32BE(word, index * 4);
  return digest.toString('base64url');
}

function addBlock(state: Uint32Array, block: Buffer): void {
  const schedule = new Uint32Array(constants.length);
  for (let i = 0; i < schedule.length; i += 1) {
    schedule[i] =
      i < 16
        ? block.readUInt32BE(i * 4)
        : at(schedule, i - 16) +
          mix(at(schedule, i - 15), 7, 18, 3) +
          at(schedule, i - 7) +
          mix(at(schedule, i - 2), 17, 19, 10);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (const [i, constant] of constants.entries()) {
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constant + at(schedule, i)) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = at(state, index) + word;
}

function at(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}

/** Rotated to the right. */
function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function mix(word: number, one: number, other: number, shift: number): number {
  return turn(word, one) ^ turn(word, other) ^ (word >>> shift);
}

function roots(count: number, root: (prime: number) => number): Uint32Array {
  const words = new Uint32Array(count);
  for (let found = 0, candidate = 2; found < count; candidate += 1) {
    if (!isPrime(candidate)) continue;
    words[found] = (root(candidate) % 1) * 2 ** 32;
    found += 1;
  }
  return words;
}

function isPrime(number: number): boolean {
  for (let factor = 2; factor * factor <= number; factor += 1) if (number % factor === 0) return false;
  return true;
}
