import { spawn } from 'node:child_process';

/** Its child is in a session of its own, and heeds no SIGTERM. */
export async function run(): Promise<void> {
  spawn('/bin/sh', ['-c', "trap '' TERM HUP INT; echo left; while :; do sleep 1; done"], { detached: true, stdio: 'inherit' });
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
}
