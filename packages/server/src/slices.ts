/** How long the loop is held up at a time, milliseconds: whoever asks something meanwhile waits no longer than about that. */
const sliceMs = 2;

/** Does something for each, and leaves the loop to others now and then. @returns milliseconds that were worked */
export async function inSlices<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<number> {
  let costMs = 0;
  let startMs = performance.now();
  for (const item of items) {
    work(item);
    const workedMs = performance.now() - startMs;
    if (workedMs < sliceMs) continue;
    costMs += workedMs;
    await turn();
    startMs = performance.now();
  }
  return costMs + performance.now() - startMs;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
