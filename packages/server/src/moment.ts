import type { EventContext } from '#protocol/history.ts';
import { monotonicMs } from '#linux/clock.ts';
import { readMemory } from '#linux/memory.ts';
import { readPressure } from '#linux/pressure.ts';

/** Rows of one tenth of a second share their context: a burst of registrations must not read /proc/meminfo each. */
const sharedMs = 100;

let taken: EventContext | undefined;
let takenMs = -Infinity;

/** The machine's memory and pressure now (at most a tenth of a second ago). */
export function momentContext(): EventContext {
  const nowMs = monotonicMs();
  if (taken === undefined || nowMs - takenMs > sharedMs) {
    taken = readContext();
    takenMs = nowMs;
  }
  return taken;
}

function readContext(): EventContext {
  const memory = readMemory();
  const pressure = readPressure('memory');
  return Object.freeze({
    memAvailableBytes: memory.memAvailableBytes,
    memTotalBytes: memory.memTotalBytes,
    swapFreeBytes: memory.swapFreeBytes,
    psiMemorySomeAvg10: pressure?.someAvg10 ?? null,
    psiMemoryFullAvg10: pressure?.fullAvg10 ?? null,
  });
}
