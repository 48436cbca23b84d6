/** What one figure must hold. */
export interface Target {
  readonly unit: string;
  /** What the target is said of: the value, or its ratio to the reference. */
  readonly judged: 'value' | 'ratio';
  readonly direction: 'atMost' | 'atLeast';
  /** null: nothing is asked of it, it is told all the same. */
  readonly target: number | null;
  /** What the value is held against, measured in the same run. */
  readonly reference: string;
}
