import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { adopt } from '#test/support/server/processes.ts';

const inside = fileURLToPath(new URL('pid-reuse/inside.ts', import.meta.url));
const namespace = ['--fork', '--pid', '--mount-proc', '--kill-child'];

/** Root, a kernel with PID namespaces, and the right to choose pids in one of them. */
function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const { status } = spawnSync('unshare', [...namespace, 'sh', '-c', 'echo 1000 > /proc/sys/kernel/ns_last_pid']);
  return status === 0 ? undefined : 'needs unshare --pid and a writable ns_last_pid';
}

const reason = whyNot();
const because = reason === undefined ? '' : ` (skipped: ${reason})`;

interface Result {
  readonly name: string;
  readonly skip?: string;
  readonly error?: string;
}

describe.skipIf(reason !== undefined)(`a pid that is used again${because}`, () => {
  const results = new Map<string, Result>();

  beforeAll(async () => {
    await using script = adopt(
      spawn('unshare', [...namespace, process.execPath, inside], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    for (;;) {
      const line = await script.line().catch(() => undefined);
      if (line === undefined) break;
      const result = JSON.parse(line) as Result;
      results.set(result.name, result);
    }
  }, 120_000);

  it.for([
    ['verdicts', 'gives the newcomer neither lease nor verdict nor kill, though the server saw no exit yet'],
    ['restart', 'does not give it the lease after a restart'],
    ['verdicts, same tick', 'does not, either, where both started in the same clock tick'],
    ['restart, same tick', 'nor after a restart'],
    ['grace', 'does not kill it at the end of a grace that another was given'],
    ['treeMember', 'does not take it for the member that had the pid'],
    ['senderReused', 'gives the connection of a member that is gone none of its rights'],
  ] as const)('%s: %s', ([name], { skip }) => {
    const result = results.get(name);
    if (result?.skip !== undefined) skip(result.skip);
    expect(result).toEqual({ name });
  });
});
