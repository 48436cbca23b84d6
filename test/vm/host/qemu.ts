import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Console } from './console.ts';
import { makeWorkFolder, type WorkFolder } from './work-folder.ts';

export interface QemuOptions {
  readonly kernel: string;
  /** Archives, unpacked one over the other. */
  readonly initrd: string;
  readonly commandLine: readonly string[];
  readonly memoryMiB: number;
  /** Disks and what else there is. */
  readonly devices?: readonly string[];
}

/** A virtual machine that runs: emulated, for a test needs neither hardware support nor a privilege. */
export class Qemu implements AsyncDisposable {
  readonly console: Console;
  /** The host's end of the guest's second serial line. */
  readonly line: Socket;
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #folder: WorkFolder;

  private constructor(child: ChildProcess, folder: WorkFolder, line: Socket, console: Console, ended: Promise<void>) {
    this.#child = child;
    this.#folder = folder;
    this.line = line;
    this.console = console;
    this.ended = ended;
  }

  /** @throws Error with qemu's words where it does not start */
  static async start(options: QemuOptions): Promise<Qemu> {
    const folder = await makeWorkFolder();
    const path = join(folder.path, 'line');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    // Whatever ends this process, SIGKILL too, ends the machine.
    const command = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...argumentsOf(options, path)];
    const child = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'pipe'] });
    const console = new Console();
    child.stdout.on('data', (chunk: Buffer) => console.add(chunk));
    child.stderr.on('data', (chunk: Buffer) => console.add(chunk));
    const ended = once(child, 'close').then(
      () => undefined,
      (error: unknown) => console.add(Buffer.from(`${String(error)}\n`)),
    );
    try {
      const first = await Promise.race([connected, ended]);
      if (first === undefined) throw new Error(`qemu did not start: ${console.tail()}`);
      // The guest's end is what tells of errors.
      first[0].on('error', () => undefined);
      return new Qemu(child, folder, first[0], console, ended);
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    } finally {
      server.close();
    }
  }

  /** Pulls the plug. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
    this.line.destroy();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/**
 * All that can be emulated, but for what makes an emulated machine slower: a fifth level of page tables, and wide registers,
 * which libraries would then use for each copy.
 */
const CPU = 'max,-la57,-avx,-avx2,-fma,-f16c';

/** Clocks are read without asking a device, and there is no one here to be defended from by way of a cache. */
const SPEED = ['tsc=reliable', 'clocksource=tsc', 'mitigations=off'];

function argumentsOf(options: QemuOptions, linePath: string): string[] {
  const settings: readonly (readonly string[])[] = [
    ['-accel', 'tcg,thread=multi', '-cpu', CPU, '-smp', '2', '-m', String(options.memoryMiB)],
    ['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none'],
    ['-serial', 'stdio', '-chardev', `socket,id=line,path=${linePath}`, '-serial', 'chardev:line'],
    ['-kernel', options.kernel, '-initrd', options.initrd, '-append', [...options.commandLine, ...SPEED].join(' ')],
    options.devices ?? [],
  ];
  return settings.flat();
}
