import type { ProtectorStatus } from '#protocol/protector.ts';
import type { Survival } from '#linux/protector/own-survival.ts';
import { fastestGrowing } from './narrator.ts';
import { needView, rounded, suspectView } from './plan-view.ts';
import type { Protector } from './protector.ts';

const growingShown = 5;

/** How the protector stands, from its last looks: nothing is read anew but names. */
export function statusView(protector: Protector): ProtectorStatus {
  const { watch, hands, housekeeping, throttler, shield, ticker, settings, survival, need } = protector;
  const { current } = hands;
  return {
    mode: protector.mode,
    acting: protector.acting,
    limitsMode: settings.limits,
    limits: { ...protector.limits },
    need: needView(need),
    machine: machineView(protector),
    looks: {
      processes: watch.columns.count,
      processCostMs: rounded(watch.processCostMs),
      processIntervalMs: rounded(protector.processIntervalMs),
      machineIntervalMs: rounded(protector.machineIntervalMs),
    },
    growing: fastestGrowing(watch, growingShown).map(suspectView),
    throttled: throttler.list(),
    victim: current === undefined ? null : { pid: current.suspect.pid, comm: current.comm, signal: current.signal },
    signalsSent: hands.sentCount,
    victimsEnded: hands.endedCount,
    budget: { usedBytes: housekeeping.usedBytes, maxBytes: Math.round(housekeeping.budgetBytes) },
    shielded: shield.size,
    survival: { programLock: survivalView(survival.programLock), oomScore: survivalView(survival.oomScore) },
    lateTicks: { count: ticker.lateness.count, worstMs: rounded(ticker.lateness.worstMs) },
    onlyEnvironment: settings.onlyEnvironment.map((entry) => entry.slice(0, entry.indexOf('='))),
  };
}

function machineView({ watch: { machine } }: Protector): ProtectorStatus['machine'] {
  const { memTotalBytes, memAvailableBytes, swapTotalBytes, swapFreeBytes } = machine.now;
  return {
    memTotalBytes,
    memAvailableBytes,
    swapTotalBytes,
    swapFreeBytes,
    fallBytesPerSecond: Math.round(machine.fallBytes),
    cpuBusyShare: rounded(machine.cpuBusyShare),
    cpuWaitShare: toldShare(machine.cpuWaitShare),
    memorySomeShare: toldShare(machine.memorySomeShare),
    memoryFullShare: toldShare(machine.memoryFullShare),
    ioFullShare: toldShare(machine.ioFullShare),
  };
}

function toldShare(share: number): number | null {
  return Number.isNaN(share) ? null : rounded(share);
}

function survivalView(survival: Survival): ProtectorStatus['survival']['programLock'] {
  return survival.done ? { done: true } : { done: false, why: survival.why };
}
