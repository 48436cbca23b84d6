import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many descriptors a process has open. */
export function countDescriptors(pid: number): number {
  return readdirSync(`/proc/${String(pid)}/fd`).length;
}

/**
 * The same of a server that has nothing to do: it looks at processes now and then, and has a file of /proc open for a
 * moment, which is not counted.
 */
export async function countIdleDescriptors(pid: number): Promise<number> {
  let least = countDescriptors(pid);
  for (let reading = 0; reading < 8; reading += 1) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    least = Math.min(least, countDescriptors(pid));
  }
  return least;
}

/** How many of them hold a process. */
export function countPidfds(pid: number): number {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).filter((fd) => leadsTo(`${folder}/${fd}`).includes('[pidfd]')).length;
}

function leadsTo(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // Closed since the folder was read.
    return '';
  }
}

/** The most memory that a process has had resident at once, bytes. */
export function peakBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
