import type { ProcessRef } from '#protocol/history.ts';
import { openDatabase } from '#server/store/database.ts';
import { EventRows, type NewEvent } from '#server/store/event-rows.ts';

const rowsAtOnce = 20_000;
/** History keeps 30 days: all of it is younger. */
const spanMs = 20 * 24 * 60 * 60 * 1000;
const mebibyte = 2 ** 20;

const commands = ['python3', 'node', 'bash', 'pytest', 'cargo', 'backend', 'jupyter', 'make', 'java', 'postgres'];

/** SIGKILL is three rows in a hundred, SIGABRT one in ten thousand; most rows are about leases, as a server writes them. */
function signalOf(row: number): number | null {
  if (row % 10_000 === 5000) return 6;
  const part = row % 100;
  if (part < 3) return 9;
  if (part < 30) return 15;
  if (part < 35) return 2;
  return null;
}

function processOf(serial: number): ProcessRef {
  const comm = commands[serial % commands.length] ?? '';
  const pid = 1000 + serial;
  return {
    pid,
    startTicks: String(100_000 + serial * 7),
    uid: 1000,
    comm,
    exe: `/usr/bin/${comm}`,
    cmdline: `/usr/bin/${comm} --cycles 500 --seed ${String(serial)} --output /home/user/results/run-${String(serial)}.json`,
    cgroup: `/user.slice/user-1000.slice/session-${String(serial % 40)}.scope`,
    ancestry: [
      { pid: pid - 1, comm: 'bash' },
      { pid: 900, comm: 'tmux: server' },
      { pid: 1, comm: 'systemd' },
    ],
  };
}

const leaseOutcomes = ['granted', 'renewed', 'exited', 'released'] as const;

function eventOf(row: number, firstWallMs: number): NewEvent {
  const signal = signalOf(row);
  const base = {
    firstWallMs,
    monotonicNs: BigInt(row) * 1_000_000n,
    context: {
      memAvailableBytes: 8192 * mebibyte - (row % 4096) * mebibyte,
      memTotalBytes: 16_384 * mebibyte,
      swapFreeBytes: 0,
      psiMemorySomeAvg10: (row % 500) / 100,
      psiMemoryFullAvg10: 0,
    },
  };
  const target = processOf(row % 3000);
  if (signal !== null) {
    const outcome = row % 7 === 0 ? 'denied' : 'delivered';
    return { ...base, source: 'mediated', signal, code: 'pidfd', outcome, sender: processOf(row % 97), target };
  }
  const outcome = leaseOutcomes[row % leaseOutcomes.length] ?? 'granted';
  const leaseId = `ls-${String(row)
    .padStart(20, 'a')
    .replaceAll(/[0189]/g, 'q')}`;
  return { ...base, source: 'lease', signal: null, code: null, outcome, sender: processOf(row % 211), target, leaseId };
}

/** Makes a database of the server's with so many rows of history, in the order of their time. */
export function makeHistory(path: string, rows: number): void {
  const database = openDatabase(path);
  try {
    const events = new EventRows(database);
    const startMs = Date.now() - spanMs;
    for (let from = 0; from < rows; from += rowsAtOnce) {
      database.transaction(() => {
        for (let row = from; row < Math.min(from + rowsAtOnce, rows); row += 1) {
          events.insert(eventOf(row, startMs + Math.floor((row / rows) * spanMs)));
        }
      })();
      database.pragma('wal_checkpoint(PASSIVE)');
    }
  } finally {
    database.close();
  }
}
