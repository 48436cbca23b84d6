/** Verdict rule 4: the null signal, CHLD, CONT, URG, WINCH end or stop nothing. */
const harmless: ReadonlySet<number> = new Set([0, 17, 18, 23, 28]);

export function isHarmless(signal: number): boolean {
  return harmless.has(signal);
}
