import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isBpffs } from '#linux/sentinel/pins.ts';

const folder = '/sys/fs/bpf';

/** Mounts what systemd mounts on machines that have it. */
export async function mountBpffs(): Promise<void> {
  if (!isBpffs(folder)) await promisify(execFile)('mount', ['-t', 'bpf', 'bpf', folder]);
}
