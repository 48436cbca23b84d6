import type { EventContext } from '#protocol/history.ts';
import { monotonicMs } from '#linux/clock.ts';
import { readMemory } from '#linux/memory.ts';
import { readPressure } from '#linux/pressure.ts';
import { tryRead } from './try-read.ts';

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
  const memory = tryRead(readMemory);
  const pressure = tryRead(() => readPressure('memory'));
  return Object.freeze({
    memAvailableBytes: memory?.memAvailableBytes ?? null,
    memTotalBytes: memory?.memTotalBytes ?? null,
    swapFreeBytes: memory?.swapFreeBytes ?? null,
    psiMemorySomeAvg10: pressure?.someAvg10 ?? null,
    psiMemoryFullAvg10: pressure?.fullAvg10 ?? null,
  });
}
