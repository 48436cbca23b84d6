import { readFileSync } from 'node:fs';

/**
 * The number of a group of this machine (group(5)).
 *
 * @param group its name in /etc/group, or its number
 * @returns undefined where there is none of that name
 */
export function groupId(group: string): number | undefined {
  if (/^\d{1,10}$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  return Number.isInteger(id) ? id : undefined;
}
