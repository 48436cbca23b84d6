/** A span for a sentence: `40 ms`, `2.0 s`, `3 min 20 s`. @param ns nanoseconds */
export function spanWords(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  if (ms < 1000) return `${String(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 100) return `${String(minutes)} min ${String(Math.round(seconds % 60))} s`;
  return `${(minutes / 60).toFixed(1)} h`;
}

/** Memory for a sentence: `32 MiB`, `1.5 GiB`. */
export function memoryWords(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${short(mebibytes)} MiB` : `${short(mebibytes / 1024)} GiB`;
}

function short(value: number): string {
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
}
