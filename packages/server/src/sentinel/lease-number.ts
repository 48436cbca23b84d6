const alphabet = '234567abcdefghijklmnopqrstuvwxyz';
const characters = 12;

/**
 * The number that the kernel knows a lease by: the last 60 bits of its id, most of which are random. The same in each
 * server, so that marks which outlive one mean to the next what they meant before.
 */
export function leaseNumber(leaseId: string): bigint {
  let number = 0n;
  for (const character of leaseId.slice(-characters)) number = number * 32n + BigInt(Math.max(0, alphabet.indexOf(character)));
  // 0 is no lease.
  return number === 0n ? 1n : number;
}
