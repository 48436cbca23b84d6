import { isPid } from './pidfd.ts';
import { procBytes, readProcOnce } from './proc-file.ts';

/** The three ids that say whom a process acts for (credentials(7)). */
export interface CredentialIds {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
}

export interface Credentials {
  readonly uids: CredentialIds;
  readonly gids: CredentialIds;
  /** PR_SET_NO_NEW_PRIVS was set: what it starts gains nothing by setuid. */
  readonly noNewPrivs: boolean;
  /** Its pid in each PID namespace, from that of /proc's mount inwards: one entry where it is in that one itself. */
  readonly nsPids: readonly number[];
  /** The effective capabilities, a bit each (capabilities(7)). */
  readonly capEff: bigint;
}

/**
 * Reads a process' credentials from /proc/PID/status (proc_pid_status(5)), in which the kernel escapes newlines of
 * the name: a line that looks like `Uid:` is one.
 * @returns undefined where it is gone
 * @throws SystemCallError where /proc cannot be read for want of descriptors or memory
 */
export function readCredentials(pid: number): Credentials | undefined {
  const size = isPid(pid) ? readProcOnce(`/proc/${pid}/status`) : -1;
  return size < 0 ? undefined : parseStatus(procBytes.toString('latin1', 0, size));
}

/**
 * Parses the text of a status file.
 * @returns undefined where it names no ids: not such a file
 */
export function parseStatus(text: string): Credentials | undefined {
  const uids = parseIds(line(text, 'Uid'));
  const gids = parseIds(line(text, 'Gid'));
  if (uids === undefined || gids === undefined) return undefined;
  return {
    uids,
    gids,
    noNewPrivs: line(text, 'NoNewPrivs') === '1',
    nsPids: numbers(line(text, 'NSpid')),
    capEff: BigInt(`0x${line(text, 'CapEff') || '0'}`),
  };
}

/** The value of `key`, or '' where the kernel has no such line. */
function line(text: string, key: string): string {
  const label = `\n${key}:\t`;
  const found = text.indexOf(label);
  if (found < 0) return '';
  const start = found + label.length;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? text.length : end);
}

function numbers(value: string): number[] {
  return value === '' ? [] : value.split('\t').map(Number);
}

function parseIds(value: string): CredentialIds | undefined {
  const [real, effective, saved] = numbers(value);
  if (real === undefined || effective === undefined || saved === undefined) return undefined;
  return { real, effective, saved };
}
