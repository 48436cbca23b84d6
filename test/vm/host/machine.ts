import { createInterface, type Interface } from 'node:readline';
import type { Message, Request, ScenarioReport } from '../guest/messages.ts';
import { answerMsMax, bootMsMax, powerOffMsMax } from './bounds.ts';
import { Qemu, type QemuOptions } from './qemu.ts';
import { within } from './within.ts';

type Ready = Extract<Message, { kind: 'ready' }>;

/** A booted machine with its agent, which runs scenarios one after the other. */
export class Machine implements AsyncDisposable {
  readonly ready: Ready;
  /** From the start of qemu to the agent's first word. */
  readonly bootMs: number;
  readonly #qemu: Qemu;
  readonly #messages: AsyncIterator<Message, undefined>;
  #lastId = 0;
  #over = false;

  private constructor(qemu: Qemu, messages: AsyncIterator<Message, undefined>, ready: Ready, bootMs: number) {
    this.#qemu = qemu;
    this.#messages = messages;
    this.ready = ready;
    this.bootMs = bootMs;
    void qemu.ended.then(() => {
      this.#over = true;
    });
  }

  /** @throws Error with the end of the console where the agent does not answer in time */
  static async boot(options: QemuOptions): Promise<Machine> {
    const started = performance.now();
    const qemu = await Qemu.start(options);
    try {
      const messages = messagesOf(createInterface(qemu.line));
      const ready = await within(bootMsMax, 'the machine has not booted', next(messages));
      if (ready.kind !== 'ready') throw new Error(`the agent's first word was ${ready.kind}`);
      return new Machine(qemu, messages, ready, Math.round(performance.now() - started));
    } catch (error) {
      const tail = qemu.console.tail();
      await qemu[Symbol.asyncDispose]();
      throw new Error(`${String(error)}\n--- console ---\n${tail}`, { cause: error });
    }
  }

  /** Can it be asked still? */
  get usable(): boolean {
    return !this.#over;
  }

  /** What the kernel said of faults of its own. */
  complaints(): string[] {
    return this.#qemu.console.complaints();
  }

  /** @throws Error with the end of the console where the machine dies of it, or does not answer */
  async run(scenario: string, timeoutMs: number): Promise<ScenarioReport> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send({ kind: 'run', id, scenario, timeoutMs });
    try {
      const message = await within(timeoutMs + answerMsMax, 'the guest does not answer', next(this.#messages));
      if (message.kind !== 'report' || message.id !== id)
        throw new Error(`the guest has started anew: ${JSON.stringify(message)}`);
      return message.report;
    } catch (error) {
      this.#over = true;
      throw new Error(`${String(error)}\n--- console ---\n${this.#qemu.console.tail()}`, { cause: error });
    }
  }

  /** Has the guest's own system shut down. @returns how long that took @throws Error where it does not */
  async powerOff(): Promise<number> {
    const started = performance.now();
    this.#send({ kind: 'powerOff' });
    await within(powerOffMsMax, `the machine does not power off\n${this.#qemu.console.tail()}`, this.#qemu.ended);
    return Math.round(performance.now() - started);
  }

  /** Pulls the plug, if it has not powered off. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#qemu[Symbol.asyncDispose]();
  }

  #send(request: Request): void {
    this.#qemu.line.write(`${JSON.stringify(request)}\n`);
  }
}

async function* messagesOf(lines: Interface): AsyncGenerator<Message, undefined> {
  for await (const line of lines) yield JSON.parse(line) as Message;
  return undefined;
}

async function next(messages: AsyncIterator<Message, undefined>): Promise<Message> {
  const { value } = await messages.next();
  if (value === undefined) throw new Error('the machine has ended');
  return value;
}
