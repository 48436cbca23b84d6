import type { ProjectFolder } from './folder.ts';
import type { FilePlan } from './plan.ts';

/** A plan, and what became of it. */
export interface Applied extends FilePlan {
  /** False where it was only shown. */
  readonly done: boolean;
  /** Where what a person wrote is kept, from the project's folder on. */
  readonly keptAs?: string;
}

/** Undo brings back what isolate replaced, not what undo itself did. */
const undoneSuffix = '.undone';

/**
 * Does what is planned for one file. What a person wrote is kept first.
 *
 * @param isUndo what isolate replaced comes back
 */
export function applyPlan(folder: ProjectFolder, { name, action, ...plan }: FilePlan, isUndo: boolean): Applied {
  const keptAs = action === 'replace' ? folder.keep(name, isUndo ? undoneSuffix : '') : undefined;
  if (isUndo && plan.after !== undefined) folder.restore(name);
  else if (action !== 'unchanged') folder.write(name, plan.after);
  return { name, action, ...plan, done: true, ...(keptAs === undefined ? {} : { keptAs }) };
}
