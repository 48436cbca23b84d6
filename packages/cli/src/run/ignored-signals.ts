import { signalName } from '#protocol/signals.ts';

/** Set by the launcher: the mask of signals that were ignored when omnictl was started, as SigIgn in /proc/PID/status. */
export const ignoredSignalsVariable = 'OMNIMIND_IGNORED_SIGNALS';

/** Node sets these to be ignored, or cannot: they say nothing of who started it. */
const notTold = new Set(['SIGPIPE', 'SIGXFSZ', 'SIGKILL', 'SIGSTOP']);

/**
 * The signals that omnictl's starter wanted ignored: `nohup omnictl run …` is to keep its command from SIGHUP, but node
 * resets all signals when it starts, and forgets what they were.
 *
 * @param mask hexadecimal, bit n-1 for signal n; undefined or unreadable: none
 * @returns names as the shell's trap takes them: `HUP`
 */
export function ignoredSignals(mask: string | undefined): readonly string[] {
  if (mask === undefined || !/^[0-9a-f]{1,16}$/i.test(mask)) return [];
  const bits = BigInt(`0x${mask}`);
  const names: string[] = [];
  // Real-time signals have no name that every shell knows.
  for (let signal = 1; signal <= 31; signal += 1) {
    const name = signalName(signal);
    if (((bits >> BigInt(signal - 1)) & 1n) === 1n && !notTold.has(name)) names.push(name.slice('SIG'.length));
  }
  return names;
}
