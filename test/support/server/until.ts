/**
 * Waits for a condition that no event tells of: asks again and again, and leaves it to the test's own time limit
 * to give up.
 *
 * @param ask what it gives is returned, once it is neither undefined nor false
 * @param pauseMs between two times of asking
 */
export async function until<Value>(ask: () => Value | Promise<Value>, pauseMs = 5): Promise<Exclude<Value, undefined | false>> {
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== false) return value as Exclude<Value, undefined | false>;
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
}
