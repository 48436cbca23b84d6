import type { Key } from './keys.ts';
import type { TopModel, TopRow } from './model.ts';

export type SortBy = 'cpu' | 'memory' | 'age' | 'label';

/** What a person has chosen to see. */
export interface ViewState {
  readonly sortBy: SortBy;
  /** The row that is chosen: it stays chosen while rows move. undefined: the first. */
  readonly selected: string | undefined;
  /** Is the chosen row's own screen shown? */
  readonly isOpen: boolean;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
}

export const startState: ViewState = { sortBy: 'cpu', selected: undefined, isOpen: false, isPaused: false, isHelp: false };

const sortOfKey: Partial<Readonly<Record<Key, SortBy>>> = {
  sortCpu: 'cpu',
  sortMemory: 'memory',
  sortAge: 'age',
  sortLabel: 'label',
};

/**
 * What a key makes of the view.
 *
 * @param pageRows rows that a page has
 */
export function press(state: ViewState, key: Key, model: TopModel, pageRows: number): ViewState {
  if (state.isHelp) return { ...state, isHelp: false };
  const sortBy = sortOfKey[key];
  if (sortBy !== undefined) return { ...state, sortBy };
  switch (key) {
    case 'up':
      return move(state, model, -1);
    case 'down':
      return move(state, model, 1);
    case 'pageUp':
      return move(state, model, -pageRows);
    case 'pageDown':
      return move(state, model, pageRows);
    case 'first':
      return move(state, model, -Infinity);
    case 'last':
      return move(state, model, Infinity);
    case 'open':
      return { ...state, selected: selectedRow(state, model)?.key, isOpen: model.rows.length > 0 };
    case 'back':
      return { ...state, isOpen: false };
    case 'pause':
      return { ...state, isPaused: !state.isPaused };
    case 'help':
      return { ...state, isHelp: true };
    case 'quit':
    case 'suspend':
    case 'other':
    case 'sortCpu':
    case 'sortMemory':
    case 'sortAge':
    case 'sortLabel':
      return state;
  }
}

/** Rows in the order that was chosen; equal ones stay where they are. */
export function sortRows(rows: readonly TopRow[], sortBy: SortBy): readonly TopRow[] {
  return rows.toSorted((one, other) => compare(one, other, sortBy) || (one.key < other.key ? -1 : 1));
}

/** The row that is chosen. One that is gone gives way to the first. */
export function selectedRow(state: ViewState, model: TopModel): TopRow | undefined {
  return model.rows.find(({ key }) => key === state.selected) ?? sortRows(model.rows, state.sortBy)[0];
}

function move(state: ViewState, model: TopModel, by: number): ViewState {
  const rows = sortRows(model.rows, state.sortBy);
  const from = Math.max(
    0,
    rows.findIndex(({ key }) => key === state.selected),
  );
  const to = Math.max(0, Math.min(rows.length - 1, from + by));
  return { ...state, selected: rows[to]?.key };
}

function compare(one: TopRow, other: TopRow, sortBy: SortBy): number {
  switch (sortBy) {
    case 'cpu':
      return other.cpuPercent - one.cpuPercent || other.memoryBytes - one.memoryBytes;
    case 'memory':
      return other.memoryBytes - one.memoryBytes;
    case 'age':
      return grantedAt(other).localeCompare(grantedAt(one));
    case 'label':
      return one.label.localeCompare(other.label);
  }
}

function grantedAt({ lease }: TopRow): string {
  return lease?.grantedAt ?? '';
}
