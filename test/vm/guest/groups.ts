import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';

let base = ROOT;

/** Makes room for groups with limits: in cgroup v2 a group that hands out controllers holds no process itself. */
export function moveToAgentGroup(): void {
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '/';
  base = join(ROOT, own);
  mkdirSync(join(base, 'agent'), { recursive: true });
  writeFileSync(join(base, 'agent/cgroup.procs'), '0');
  handOut(base);
}

/**
 * The cgroup of one scenario and all that it starts. What is left of it is ended by `cgroup.kill`, which no guard holds
 * up: whatever a scenario did, the next one finds a clean machine.
 */
export class ScenarioGroup {
  /** Where its process begins; it may make groups beside that, with limits. */
  readonly start: string;
  readonly #path: string;

  constructor(name: string) {
    this.#path = join(base, name);
    this.start = join(this.#path, 'start');
    mkdirSync(this.start, { recursive: true });
    handOut(this.#path);
  }

  /** Ends what runs in it, and removes it, and what the kernel was told to keep. */
  async clear(): Promise<void> {
    writeFileSync(join(this.#path, 'cgroup.kill'), '1');
    while (/^populated 1$/m.test(readFileSync(join(this.#path, 'cgroup.events'), 'latin1'))) await delay(10);
    remove(this.#path);
    // A guard that a killed server has pinned would outlive the scenario.
    rmSync('/sys/fs/bpf/omnimind', { recursive: true, force: true });
  }
}

function handOut(path: string): void {
  writeFileSync(join(path, 'cgroup.subtree_control'), '+memory +pids +cpu');
}

/** From below: a group is removed when it has none in it. */
function remove(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) remove(join(path, entry.name));
  rmdirSync(path);
}
