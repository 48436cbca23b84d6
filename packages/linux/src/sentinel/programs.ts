/** A program of the object, as it was tried. */
export interface ProgramState {
  readonly name: string;
  readonly attached: boolean;
  /** Why not. */
  readonly why?: string;
}

/** Without these there is no sentinel. */
export const requiredPrograms = ['on_signal', 'on_fork', 'on_exec', 'on_exit'] as const;

/** Without these something is not seen, and it is said. */
export const optionalPrograms = ['on_oom_victim'] as const;

/** The guard: all of them or none, for a guard with a hole is none. */
export const guardPrograms = ['guard_task_kill', 'guard_sigio', 'guard_task_alloc', 'guard_exec'] as const;
