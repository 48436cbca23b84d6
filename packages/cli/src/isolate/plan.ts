import { unifiedDiff } from './diff.ts';
import { authorOf } from './seal.ts';

/** What becomes of one file. `replace` is what a person is asked about: it takes away something that he wrote. */
export type Action = 'unchanged' | 'create' | 'update' | 'replace' | 'remove';

/** One file: what is there, and what is to be there. */
export interface FilePlan {
  readonly name: string;
  readonly action: Action;
  /** undefined: there is no file. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** As diff -u shows it; none where nothing changes. */
  readonly diff: readonly string[];
}

/**
 * What isolate has to do for one file.
 *
 * @param before its text; undefined: it is not there
 * @param after what it is to hold; undefined: it is to go
 */
export function planFile(name: string, before: string | undefined, after: string | undefined): FilePlan {
  return { name, action: actionOf(before, after), before, after, diff: unifiedDiff(before, after, name) };
}

function actionOf(before: string | undefined, after: string | undefined): Action {
  if (before === after) return 'unchanged';
  if (before === undefined) return 'create';
  if (authorOf(before) !== 'isolate') return 'replace';
  return after === undefined ? 'remove' : 'update';
}

/**
 * What undoing has to do for one file: what was there before isolate comes back. A file that isolate has nothing to do
 * with stays.
 *
 * @param kept the text that isolate had replaced; undefined: there was no file
 */
export function planUndo(name: string, before: string | undefined, kept: string | undefined): FilePlan {
  const isOurs = kept !== undefined || (before !== undefined && authorOf(before) !== 'person');
  return planFile(name, before, isOurs ? kept : before);
}
