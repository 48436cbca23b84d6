import { UsageError } from '../errors.ts';

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Reads an amount of memory as systemd and the kernel's cgroups take it: `2G`, `512M`, `1.5GiB`, a bare number of bytes.
 *
 * @returns whole bytes, at least 1
 * @throws UsageError where it is none
 */
export function parseBytes(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)([KMGT]?)(?:i?B)?$/i.exec(text);
  const bytes =
    match === null ? Number.NaN : Math.round(Number(match[1]) * (units[(match[2] ?? '').toUpperCase()] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new UsageError(`'${text}' is no amount of memory: write a number and its unit, as 512M, 2G or 1.5G`);
}
