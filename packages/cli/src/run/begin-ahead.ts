import { prepareMove } from '#linux/run-cgroup.ts';

/** Begins what takes longer than to load the files of `run`: it is done when the command's process is there. */
export function beginAhead(): void {
  prepareMove();
}
