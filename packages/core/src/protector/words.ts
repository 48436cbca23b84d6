import { isProtection } from './exemption.ts';
import { isAtLeast, type Need } from './need.ts';
import type { Plan, Suspect } from './plan.ts';

/** What helps where only the protected could be ended. */
export const needsWords = 'what holds memory is protected: end a lease, or add memory';

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes for people. */
export function bytesWords(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 9.95 ? 0 : 1)} ${units[unit] ?? ''}`;
}

/** What the machine needs, in words. */
export function needWords({ level, cause, exhaustedInMs }: Need, availableShare: number): string {
  const left = `${(availableShare * 100).toFixed(1)} % of memory is available`;
  const ahead = exhaustedInMs === Infinity ? '' : `, and it is used up in ${secondsWords(exhaustedInMs)}`;
  if (level === 'well') return left;
  return cause === 'stall' ? `tasks wait for memory; ${left}${ahead}` : `${left}${ahead}`;
}

/** `0.4 s`, `40 s`, `3 min`. */
export function secondsWords(ms: number): string {
  if (ms >= 180_000) return `${String(Math.round(ms / 60_000))} min`;
  return ms >= 9950 ? `${String(Math.round(ms / 1000))} s` : `${(ms / 1000).toFixed(1)} s`;
}

/** What speaks against a process, in words. @param name its comm */
export function suspectWords({ pid, bytes, grownBytes, growthBytes }: Suspect, name: string): string {
  const grows = growthBytes > 0 ? `, grows ${bytesWords(growthBytes)}/s` : '';
  const grown = grownBytes > 0 ? `, of it ${bytesWords(grownBytes)} since the machine was well` : '';
  return `pid ${String(pid)} (${name}) holds ${bytesWords(bytes)}${grown}${grows}`;
}

/** Why this plan is what it is, in words. @param name the victim's comm */
export function planWords({ need, victims, mayEnd, passedOver, blamed }: Plan, name: string, availableShare: number): string {
  const [victim] = victims;
  const now = needWords(need, availableShare);
  if (victim === undefined) {
    const needs = passedOver.some(({ exemption }) => isProtection(exemption)) ? `; ${needsWords}` : '';
    return `${now}; there is nobody who may be ended${needs}`;
  }
  const group = victims.length === 1 ? '' : ` and ${String(victims.length - 1)} more`;
  const words = `${suspectWords(victim, name)}${group}`;
  if (mayEnd) return `${now}; ${words}`;
  if (isAtLeast(need.level, 'end') && blamed !== undefined)
    return `${now}; pid ${String(blamed.pid)} has grown and is protected; ${needsWords}; only where the kernel would be next: ${words}`;
  if (need.level === 'end')
    return `${now}; nobody has grown whose end would help, and this one is ended only where the kernel would be next: ${words}`;
  return `${now}: nobody has to be ended; the first would be this one: ${words}`;
}
