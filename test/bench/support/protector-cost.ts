// Prints what it costs to watch this machine as it is, as JSON. Run by figures/protector.ts, in a process of its own.
import { Watch } from '#server/protector/watch.ts';

const warmUp = 30;
const machineLooks = 2000;
const processLooks = 40;

/** Milliseconds of CPU time, of one of so many. */
function cpuMs(times: number, work: () => void): number {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

using watch = new Watch();
for (let time = 0; time < warmUp; time += 1) {
  watch.lookAtMachine();
  watch.lookAtProcesses(true);
}
const machineMs = cpuMs(machineLooks, () => {
  watch.lookAtMachine();
});
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const lookCpuMs = cpuMs(processLooks, () => {
  watch.lookAtProcesses(true);
});
const garbageBytes = Math.max(0, process.memoryUsage().heapUsed - heapBefore) / processLooks;
// As the protector waits between two looks while half of memory is free and nothing falls.
const machineEachMs = watch.machineIntervalMs('well', 'ready');
const processEachMs = watch.processIntervalMs('well', 'ready');
const percentOfCore = (machineMs / machineEachMs + lookCpuMs / processEachMs) * 100;
process.stdout.write(
  JSON.stringify({ processes: watch.columns.count, percentOfCore, lookCpuMs, garbageBytes, machineMs, processEachMs }),
);
