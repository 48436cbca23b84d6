/**
 * Reads what is only told besides: a process's name, the machine's memory. Where that cannot be had (the server is out
 * of descriptors, say) it is left out: the end of a lease, or a kill, must not fail for want of words about it.
 *
 * @returns undefined where it cannot be read
 */
export function tryRead<Value>(read: () => Value | undefined): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
