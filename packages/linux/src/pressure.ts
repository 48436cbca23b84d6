import { EOPNOTSUPP, SystemCallError } from './errno.ts';
import { procBytes, readProcOnce } from './proc-file.ts';

/**
 * Pressure stall information (Documentation/accounting/psi.rst): the share of wall time, in percent, in which some,
 * or all, of the tasks that had work waited for the resource; over 10, 60 and 300 seconds.
 */
export interface Pressure {
  readonly someAvg10: number;
  readonly someAvg60: number;
  readonly someAvg300: number;
  readonly someTotalUs: number;
  /** All of `full` is 0 for cpu: it says nothing of a whole machine. */
  readonly fullAvg10: number;
  readonly fullAvg60: number;
  readonly fullAvg300: number;
  readonly fullTotalUs: number;
}

export type PressureResource = 'memory' | 'cpu' | 'io';

/**
 * Reads the machine's pressure.
 * @returns undefined where the kernel has no PSI (CONFIG_PSI), or it is switched off (psi=0)
 * @throws SystemCallError where descriptors or memory are wanting
 */
export function readPressure(resource: PressureResource): Pressure | undefined {
  try {
    const size = readProcOnce(`/proc/pressure/${resource}`);
    return size <= 0 ? undefined : parsePressure(procBytes.toString('latin1', 0, size));
  } catch (error) {
    if (error instanceof SystemCallError && error.errno === EOPNOTSUPP) return undefined;
    throw error;
  }
}

/** Parses the text of a pressure file; a line or number that is not there is 0. */
export function parsePressure(text: string): Pressure {
  const [some10, some60, some300, someTotal] = averages(text, 'some');
  const [full10, full60, full300, fullTotal] = averages(text, 'full');
  return {
    someAvg10: some10,
    someAvg60: some60,
    someAvg300: some300,
    someTotalUs: someTotal,
    fullAvg10: full10,
    fullAvg60: full60,
    fullAvg300: full300,
    fullTotalUs: fullTotal,
  };
}

type Averages = [avg10: number, avg60: number, avg300: number, totalUs: number];

function averages(text: string, kind: 'some' | 'full'): Averages {
  const line = new RegExp(`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)`, 'm').exec(text);
  return [Number(line?.[1] ?? 0), Number(line?.[2] ?? 0), Number(line?.[3] ?? 0), Number(line?.[4] ?? 0)];
}
