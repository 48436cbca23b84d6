import { closeSync, fstatSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { ignoreBackgroundStops } from '#linux/child.ts';
import { Pty } from '#linux/pty.ts';
import { foregroundGroup, readWindowSize, writeWindowSize, type WindowSize } from '#linux/terminal.ts';
import { describeFailure } from '../../failure.ts';
import { escapeText } from '../../output/escape.ts';
import { Output, reasonOf } from '../../output/output.ts';
import { beginAhead } from '../begin-ahead.ts';
import { ignoredSignals, ignoredSignalsVariable } from '../ignored-signals.ts';
import { pruneLogs } from '../log-folder.ts';
import { newLogPath, openLogFile, type LogFile } from '../log-files.ts';
import { labelOf } from '../run-options.ts';
import { supervise } from '../supervise.ts';
import { frameKinds, FrameReader } from './frames.ts';
import type { Ended, Start } from './messages.ts';
import { PtyCommand } from './pty-command.ts';
import { SessionSocket } from './session-socket.ts';
import { TerminalInput } from './terminal-input.ts';
import { TerminalLog } from './terminal-log.ts';
import { Viewers } from './viewers.ts';

/** Where the holder finds the one that started it. */
const starterFd = 3;

/**
 * The holder of a command's terminal: it has the pty and the log, leads the session that the command is a job of, and
 * shows all to whoever is attached. It goes on when nobody is; when it is killed, the terminal is gone and the command is
 * hung up.
 *
 * @returns the exit code, which nobody looks at
 */
export async function hold(): Promise<number> {
  beginAhead();
  const starter = new Socket({ fd: starterFd, readable: true, writable: true });
  const reader = new FrameReader();
  const start = await readStart(starter, reader);
  if (start === undefined) return 1;
  ignoreBackgroundStops();
  return await new Holder(start).run(starter, reader);
}

/** @returns undefined where the starter is gone before it said what to run; what it says after stays in the socket */
async function readStart(starter: Socket, reader: FrameReader): Promise<Start | undefined> {
  const { promise, resolve } = Promise.withResolvers<Start | undefined>();
  const onData = (chunk: Buffer): void => {
    reader.push(chunk, (kind, payload) => {
      if (kind === frameKinds.start) resolve(JSON.parse(payload.toString()) as Start);
    });
  };
  const onClose = (): void => {
    resolve(undefined);
  };
  starter.on('data', onData).on('error', onClose).on('close', onClose);
  const start = await promise;
  starter.off('data', onData).off('error', onClose).off('close', onClose);
  return start;
}

/** Notes go to whoever is attached; where nobody is, they stand in the log. */
class NotesToViewers extends Output {
  readonly #tell: (text: string) => void;

  constructor(quiet: boolean, tell: (text: string) => void) {
    super({ quiet, color: false, columns: undefined });
    this.#tell = tell;
  }

  override note(text: string): void {
    if (!this.quiet) this.#tell(escapeText(text));
  }

  override notes(lines: readonly string[]): void {
    if (!this.quiet && lines.length > 0) this.#tell(lines.join('\n'));
  }
}

class Holder {
  readonly #start: Start;
  readonly #pty: Pty;
  readonly #input: TerminalInput;
  readonly #viewers: Viewers;
  readonly #session: SessionSocket;
  readonly #output: Output;
  readonly #quiet = Promise.withResolvers<void>();
  #file: LogFile | undefined;
  #log: TerminalLog | undefined;
  #command: PtyCommand | undefined;
  #isOver = false;

  constructor(start: Start) {
    this.#start = start;
    this.#viewers = new Viewers(
      (kind, payload) => {
        this.#take(kind, payload);
      },
      () => {
        this.#goOn();
      },
    );
    this.#pty = new Pty(
      (chunk) => {
        this.#log?.write(chunk);
        this.#viewers.show(chunk);
        if (this.#viewers.isBehind) this.#pty.pause();
      },
      () => {
        if (this.#isOver) this.#quiet.resolve();
      },
    );
    this.#input = new TerminalInput(this.#pty.fd);
    this.#session = new SessionSocket((socket) => {
      this.#viewers.add(socket);
      if (this.#command?.isStopped === true) this.#command.resume();
    });
    this.#output = new NotesToViewers(start.globals.quiet, (text) => {
      this.#note(text);
    });
  }

  async run(starter: Socket, reader: FrameReader): Promise<number> {
    this.#viewers.add(starter, reader);
    const { words, options, globals } = this.#start;
    let exitCode: number;
    try {
      this.#openLog();
      writeWindowSize(this.#pty.fd, this.#start.size);
      exitCode = await supervise(
        { globals, output: this.#output },
        {
          words,
          options,
          hold: async (env, prefix) => await Promise.resolve(this.#hold(env, prefix)),
          begins: (_command, lease) => {
            this.#viewers.send(frameKinds.begun);
            if (lease !== undefined) this.#offer(lease.id);
          },
          catchUp: async () => {
            this.#pty.drain();
            await Promise.resolve();
          },
        },
      );
    } catch (error) {
      const failure = describeFailure(error);
      this.#note(failure.text);
      ({ exitCode } = failure);
    }
    this.#isOver = true;
    this.#tellOfLog();
    const ended: Ended = { exitCode };
    await this.#viewers.dismiss(frameKinds.ended, JSON.stringify(ended));
    await this.#whatIsLeft();
    return exitCode;
  }

  #hold(env: NodeJS.ProcessEnv, prefix: readonly string[]): PtyCommand {
    const ignored = ignoredSignals(process.env[ignoredSignalsVariable]);
    const modes = this.#start.modes === undefined ? undefined : Buffer.from(this.#start.modes, 'base64');
    this.#command = PtyCommand.start(this.#pty, { words: this.#start.words, env, ignored, prefix }, modes, () => {
      this.#viewers.send(frameKinds.stopped);
    });
    return this.#command;
  }

  /** What the command left running keeps the terminal; it is logged, and can be attached to, until the last has closed it. */
  async #whatIsLeft(): Promise<void> {
    // Says at once where nobody has it any more.
    this.#pty.resume();
    this.#pty.drain();
    await this.#quiet.promise;
    this.#session.close();
    this.#log?.finish();
    if (this.#file !== undefined) closeSync(this.#file.fd);
    await this.#viewers.dismiss(frameKinds.ended, JSON.stringify({ exitCode: 0 } satisfies Ended));
  }

  #openLog(): void {
    const { words, options } = this.#start;
    const named = typeof options.log === 'string' ? options.log : undefined;
    try {
      this.#file = openLogFile(named ?? newLogPath(labelOf(words, options)), 1);
    } catch (error) {
      if (named !== undefined) throw error;
      this.#note(`keeps no log: ${reasonOf(error)}`);
      return;
    }
    this.#log = new TerminalLog(this.#file.fd, (error) => {
      this.#note(`the log ends here: ${reasonOf(error)}`);
    });
  }

  #tellOfLog(): void {
    if (this.#file === undefined) return;
    const { path, fd, from } = this.#file;
    const { size } = fstatSync(fd);
    const isOwn = typeof this.#start.options.log !== 'string';
    if (size > from) this.#output.note(`the log is ${path}`);
    else if (size === 0 && isOwn) unlinkSync(path);
    if (isOwn) pruneLogs();
  }

  #note(text: string): void {
    if (this.#viewers.count > 0) this.#viewers.send(frameKinds.note, text);
    else this.#log?.write(Buffer.from(`omnictl: ${text}\n`));
  }

  #offer(leaseId: string): void {
    const failed = (error: unknown): void => {
      this.#output.note(`cannot be attached to again: ${reasonOf(error)}`);
    };
    try {
      this.#session.offer(leaseId, failed);
    } catch (error) {
      failed(error);
    }
  }

  #goOn(): void {
    if (!this.#pty.isReading && !this.#viewers.isBehind && this.#command !== undefined) this.#pty.resume();
  }

  /** The kernel tells of a size that is another; who attaches in the same size wants the screen drawn again too. */
  #resize(size: WindowSize): void {
    const { rows, columns } = readWindowSize(this.#pty.fd);
    const group = rows === size.rows && columns === size.columns ? foregroundGroup(this.#pty.fd) : undefined;
    if (group === undefined) writeWindowSize(this.#pty.fd, size);
    else process.kill(-group, 'SIGWINCH');
  }

  #take(kind: number, payload: Buffer): void {
    if (kind === frameKinds.input) this.#input.write(payload);
    else if (kind === frameKinds.size) this.#resize(JSON.parse(payload.toString()) as WindowSize);
    else if (kind === frameKinds.resume) this.#command?.resume();
    // To ourselves: it is passed on, or ends what is left, as one that was sent here by hand.
    else if (kind === frameKinds.signal) process.kill(process.pid, payload.toString());
  }
}
