import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { guestFolder } from './checkout.ts';

/** One file of the guest's scenarios. */
export interface Scenario {
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
    .map((path) => ({ name: `${machine}/${path}`, title: path.replaceAll('/', ': ').replaceAll('-', ' ') }));
}
