import { SystemCallError } from './errno.ts';
import { ioprioSet } from './ffi.ts';

/** include/uapi/linux/ioprio.h */
const CLASS_SHIFT = 13;
const CLASS_BEST_EFFORT = 2;
const CLASS_IDLE = 3;

/**
 * Sets the I/O priority of a process (ioprio_set(2)); what it starts from then on inherits it.
 *
 * @param priority `idle`, or a level of best effort: 0 (first) to 7
 * @returns what failed, in the system's words; undefined where all is well
 */
export function setIoPriority(pid: number, priority: number | 'idle'): string | undefined {
  const value = priority === 'idle' ? CLASS_IDLE << CLASS_SHIFT : (CLASS_BEST_EFFORT << CLASS_SHIFT) | priority;
  const outcome = ioprioSet(pid, value);
  return outcome < 0 ? new SystemCallError('ioprio_set', -outcome, pid).message : undefined;
}
