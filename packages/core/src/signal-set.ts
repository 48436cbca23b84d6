/** A set of signals 1 to 64, as two words: 100,000 leases share a handful of these. Compare the words, not the objects. */
export interface SignalSet {
  readonly low: number;
  readonly high: number;
}

/** Whoever asks for ever new sets must not fill the memory with them: past this many, a set is shared with nobody. */
const internedMax = 1024;
const interned = new Map<string, SignalSet>();

/** A set from signal numbers, 1 to 64. Equal sets are one object, as long as there are few. */
export function signalSet(signals: Iterable<number>): SignalSet {
  let low = 0;
  let high = 0;
  for (const signal of signals) {
    if (signal <= 32) low |= 1 << (signal - 1);
    else high |= 1 << (signal - 33);
  }
  const key = `${String(low)}:${String(high)}`;
  const known = interned.get(key);
  if (known !== undefined) return known;
  const made = Object.freeze({ low, high });
  if (interned.size < internedMax) interned.set(key, made);
  return made;
}

/** Is the signal in the set? */
export function hasSignal(set: SignalSet, signal: number): boolean {
  if (signal < 1) return false;
  return signal <= 32 ? (set.low & (1 << (signal - 1))) !== 0 : (set.high & (1 << (signal - 33))) !== 0;
}

/** The set's signals, ascending. */
export function signalsOf(set: SignalSet): number[] {
  const signals: number[] = [];
  for (let signal = 1; signal <= 64; signal += 1) if (hasSignal(set, signal)) signals.push(signal);
  return signals;
}

/** What a lease forbids unless it says otherwise: HUP, INT, QUIT, ABRT, KILL, TERM, STOP (verdict rule 6). */
export const forbiddenByDefault: SignalSet = signalSet([1, 2, 3, 6, 9, 15, 19]);
