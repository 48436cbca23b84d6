/**
 * Milliseconds on a clock that is never set. Not `performance.now()`: its first use loads a module of Node's, and that
 * takes longer than a whole question to the server.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
