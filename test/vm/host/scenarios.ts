import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { guestFolder } from './checkout.ts';

/** One file of the guest's scenarios. */
export interface Scenario {
  /** The folder that it is in, below that of its machine; empty: none. */
  readonly about: string;
  /** Its path below the folder of all, without the ending. */
  readonly name: string;
  /** What it shows: its path in words. */
  readonly title: string;
}

/** The scenarios of a machine: every file in its folder. */
export function scenariosOf(machine: 'fast' | 'disk'): Scenario[] {
  const files = readdirSync(join(guestFolder, 'scenarios', machine), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .toSorted((a, b) => a.localeCompare(b, 'en'))
    .map((path) => ({
      about: path.slice(0, Math.max(0, path.indexOf('/'))),
      name: `${machine}/${path}`,
      title: path.replaceAll('/', ': ').replaceAll('-', ' '),
    }));
}

/** The fast machine's scenarios are in two halves, which take about as long: those of omnid and omnictl, and all others. */
export function isOfProduct({ about }: Scenario): boolean {
  return about === 'product' || about === 'why';
}
