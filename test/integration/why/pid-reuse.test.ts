import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { adopt } from '#test/support/server/processes.ts';

const inside = fileURLToPath(new URL('support/reuse-inside.ts', import.meta.url));
const namespace = ['--fork', '--pid', '--mount-proc', '--kill-child'];

/** Root, a kernel with PID namespaces, and the right to choose pids in one of them. */
function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const { status } = spawnSync('unshare', [...namespace, 'sh', '-c', 'echo 1000 > /proc/sys/kernel/ns_last_pid']);
  return status === 0 ? undefined : 'needs unshare --pid and a writable ns_last_pid';
}

const reason = whyNot();

test.skipIf(reason !== undefined)(
  `of a pid that was used again the last process is explained, and the others named${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    await using script = adopt(
      spawn('unshare', [...namespace, process.execPath, inside], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    expect(await script.line()).toBe('ok');
  },
);
