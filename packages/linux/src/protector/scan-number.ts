/**
 * Finds a number of a file like /proc/meminfo or /proc/PID/status, in the bytes as they were read.
 *
 * @param label with its colon: `VmSwap:`; the first that is found counts
 * @returns the number behind it; 0 where there is none (no such line, an older kernel)
 */
export function findKib(bytes: Buffer, size: number, label: string): number {
  const found = bytes.indexOf(label, 0, 'latin1');
  return found < 0 || found >= size ? 0 : numberAt(bytes, found + label.length, size);
}

/** The number that starts at the first digit from there. @returns 0 where the bytes end before one */
export function numberAt(bytes: Buffer, start: number, size: number): number {
  let at = start;
  while (at < size && !isDigit(bytes[at])) at += 1;
  let value = 0;
  for (; at < size && isDigit(bytes[at]); at += 1) value = value * 10 + (bytes[at] ?? 0) - 0x30;
  return value;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
