import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Peer } from './peer.ts';

export const adaUid = 1000;
export const bobUid = 1001;

/** Passes lines between its standard streams and the server: what is recorded is asked by a process of its own. */
const peerProgram = `import os, socket, sys, threading
server = socket.socket(socket.AF_UNIX)
server.connect(os.environ["OMNIMIND_SOCKET"])
def pour(read, write):
    while chunk := read(65536):
        write(chunk)
        sys.stdout.flush()
threading.Thread(target=pour, args=(server.recv, sys.stdout.buffer.write), daemon=True).start()
pour(lambda size: os.read(0, size), server.sendall)
`;

/** Small limits, so that they can be hit; and no sight of what others do on this machine. */
const config = `
[limits]
subscriptionsPerConnectionMax = 3
leasesPerUidMax = 8
[sentinel]
enabled = false
[rules]
defaults = false
[[rule]]
name = "nightly"
job = '^nightly\\.sh$'
`;

/** What the resource protector is held to: the processes of this world, whatever is asked of it. */
const candidate = { OMNIMIND_EXAMPLE: randomUUID() };
const onlyEnvironment = `OMNIMIND_EXAMPLE=${candidate.OMNIMIND_EXAMPLE}`;

/** Shell scripts that stand for jobs. Each says that it is ready: its traps are set then. */
const jobs: Readonly<Record<string, string>> = {
  '500_cycles.sh': 'echo ready; while :; do sleep 0.1; done',
  'nightly.sh': 'echo ready; while :; do sleep 0.1; done',
  'stubborn.sh': "trap '' TERM; echo ready; while :; do sleep 0.1; done",
};

/** A server of its own in a folder of its own, with peers and jobs of several users; all of it is gone at the end. */
export class World implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'omnimind-examples-'));
  readonly #children: ChildProcess[] = [];
  #socket = '';

  constructor() {
    chmodSync(this.folder, 0o755);
    writeFileSync(join(this.folder, 'omnid.toml'), config);
    for (const name of ['backend.py', 'colleague.py', 'admin.py']) writeFileSync(join(this.folder, name), peerProgram);
    for (const [name, script] of Object.entries(jobs)) writeFileSync(join(this.folder, name), script);
  }

  /** Starts omnid and waits until it listens; peers that start later talk to this one. */
  async serve(scope: 'system' | 'user'): Promise<void> {
    this.#socket = join(this.folder, scope, 'omnid.sock');
    const main = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'main.ts');
    const files = [
      '--socket',
      this.#socket,
      '--database',
      join(this.folder, `${scope}-state`, 'omnid.db'),
      '--config',
      'omnid.toml',
    ];
    const server = this.#start(process.execPath, [main, '--scope', scope, ...files], 0, 'stderr');
    for await (const line of linesOf(server.stderr)) if (line.includes('"listening"')) break;
    server.stderr?.resume();
  }

  /** A process of this user that is connected to the server. */
  peer(uid: number, program: string, command: readonly string[] = ['python3']): Peer {
    const [file = '', ...args] = command;
    return new Peer(this.#start(file, [...args, program], uid, 'stdout'));
  }

  /** A job of this user, running. */
  async job(uid: number, script: keyof typeof jobs): Promise<number> {
    const child = this.#start('sh', [script], uid, 'stdout');
    for await (const line of linesOf(child.stdout)) if (line === 'ready') break;
    return child.pid ?? 0;
  }

  /** Is it a process of this world? */
  has(pid: number): boolean {
    return this.#children.some((child) => child.pid === pid);
  }

  /** A pid that no process has any more. */
  async gonePid(): Promise<number> {
    const child = this.#start('true', [], 0, 'stdout');
    await new Promise((resolve) => child.once('exit', resolve));
    return child.pid ?? 0;
  }

  #start(file: string, args: readonly string[], uid: number, output: 'stdout' | 'stderr'): ChildProcess {
    const child = spawn(file, args, {
      cwd: this.folder,
      env: {
        PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
        OMNIMIND_SOCKET: this.#socket,
        OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: onlyEnvironment,
        ...candidate,
      },
      stdio: ['pipe', output === 'stdout' ? 'pipe' : 'ignore', output === 'stderr' ? 'pipe' : 'inherit'],
      ...(uid === 0 ? {} : { uid, gid: uid }),
    });
    this.#children.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    const exits = running.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of running.toReversed()) {
      child.stdin?.end();
      child.kill('SIGKILL');
    }
    await Promise.all(exits);
    rmSync(this.folder, { recursive: true });
  }
}

function linesOf(stream: Readable | null): Interface {
  if (stream === null) throw new Error('the process was started without this stream');
  return createInterface({ input: stream });
}
