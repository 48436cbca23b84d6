import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Message {
  readonly [member: string]: unknown;
}

/** One connected process, asked to say something and to hear the answer. */
export class Peer {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #heard: Message[] = [];
  #gone = false;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    if (child.stdout === null) throw new Error('a peer needs its standard output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#heard.push(JSON.parse(line) as Message);
      this.#wake();
    });
    child.once('exit', () => {
      this.#gone = true;
      this.#wake();
    });
  }

  /** Sends one message without waiting. */
  say(message: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Sends one request. @returns its response */
  async call(request: Message): Promise<Message> {
    this.say(request);
    return this.#next((message) => message['id'] === request['id']);
  }

  /** @returns the next notification of this name */
  async notification(method: string): Promise<Message> {
    return this.#next((message) => message['method'] === method);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async #next(wanted: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const index = this.#heard.findIndex(wanted);
      const [found] = index === -1 ? [] : this.#heard.splice(index, 1);
      if (found !== undefined) return found;
      if (this.#gone) throw new Error('a peer has exited before it heard what it waited for');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
