import { Recent } from './sentinel/recent.ts';

/** What was out of memory: the machine, a cgroup at its limit, or the memory nodes that a process may use. */
export type OomScope = 'machine' | 'cgroup' | 'nodes';

/** What the kernel's log says about a victim of the OOM killer; memory in bytes. */
export interface OomReport {
  readonly scope: OomScope;
  /** Whose limit was reached. */
  readonly cgroup?: string;
  readonly limitBytes?: number;
  readonly virtualBytes?: number;
  readonly anonBytes?: number;
  readonly fileBytes?: number;
  readonly shmemBytes?: number;
  readonly pageTableBytes?: number;
}

const victimsMax = 256;
const kibi = 1024;

/** enum oom_constraint, include/linux/oom.h. */
const scopes: Readonly<Record<string, OomScope>> = {
  NONE: 'machine',
  CPUSET: 'nodes',
  MEMORY_POLICY: 'nodes',
  MEMCG: 'cgroup',
};

/**
 * Reads reports of the OOM killer from the kernel's log: no tracepoint tells whether a cgroup's limit or the machine's
 * memory was at its end. The messages are those of dump_header and __oom_kill_process (mm/oom_kill.c), and of
 * mem_cgroup_print_oom_meminfo (mm/memcontrol*.c). All but the last, `Killed process`, are left out where they come often.
 */
export class OomReports {
  readonly #reports = new Recent<number, OomReport>(victimsMax);
  #limitBytes: number | undefined;

  /** Takes in messages, in their order. */
  add(messages: readonly string[]): void {
    for (const message of messages) {
      if (message.startsWith('memory: usage ')) this.#addLimit(message);
      else if (message.startsWith('oom-kill:')) this.#addConstraint(message);
      else if (message.includes('ut of memory')) this.#addKill(message);
    }
  }

  /** What is known of a victim. @param pid as the initial PID namespace counts */
  of(pid: number): OomReport | undefined {
    return this.#reports.get(pid);
  }

  #addLimit(message: string): void {
    const limit = /^memory: usage \d+kB, limit (\d+)kB/.exec(message)?.[1];
    if (limit !== undefined) this.#limitBytes = Number(limit) * kibi;
  }

  /** Names are the processes' own: the pid is behind the last of them. */
  #addConstraint(message: string): void {
    const match = /^oom-kill:constraint=CONSTRAINT_([A-Z_]+),(.*),pid=(\d+),uid=\d+$/.exec(message);
    if (match === null) return;
    const [, constraint = '', rest = '', pid = ''] = match;
    const scope = scopes[constraint];
    const cgroup = /,oom_memcg=(.*),task_memcg=/.exec(`,${rest}`)?.[1];
    const limitBytes = scope === 'cgroup' ? this.#limitBytes : undefined;
    this.#limitBytes = undefined;
    if (scope === undefined) return;
    this.#set(Number(pid), {
      scope,
      ...(cgroup === undefined ? {} : { cgroup }),
      ...(limitBytes === undefined ? {} : { limitBytes }),
    });
  }

  #addKill(message: string): void {
    const match = /^(Memory cgroup out of memory|Out of memory)[^:]*: Killed process (\d+) \(/.exec(message);
    if (match === null) return;
    const pid = Number(match[2]);
    const scope = match[1] === 'Out of memory' ? 'machine' : 'cgroup';
    this.#set(pid, { scope, ...this.of(pid), ...memoryOf(message) });
  }

  #set(pid: number, report: OomReport): void {
    this.#reports.set(pid, report);
  }
}

function memoryOf(message: string): Partial<OomReport> {
  const match = / total-vm:(\d+)kB, anon-rss:(\d+)kB, file-rss:(\d+)kB, shmem-rss:(\d+)kB, UID:\d+ pgtables:(\d+)kB/.exec(
    message,
  );
  if (match === null) return {};
  const [virtualBytes = 0, anonBytes = 0, fileBytes = 0, shmemBytes = 0, pageTableBytes = 0] = match
    .slice(1)
    .map((text) => Number(text) * kibi);
  return { virtualBytes, anonBytes, fileBytes, shmemBytes, pageTableBytes };
}
