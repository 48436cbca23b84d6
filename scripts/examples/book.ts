import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message, Peer } from './peer.ts';

interface Exchange {
  readonly name: string;
  readonly request: Message;
  readonly response: Message;
  notifications?: Message[];
}

/** The exchanges that were recorded, by method. */
export class Book {
  readonly #exchanges = new Map<string, Exchange[]>();

  /** Has a peer ask, and notes the question and its answer. @returns the result, or the error */
  async record(name: string, peer: Peer, method: string, params?: Message): Promise<Message> {
    const exchanges = this.#exchanges.get(method) ?? [];
    this.#exchanges.set(method, exchanges);
    const request = { jsonrpc: '2.0', id: exchanges.length + 1, method, ...(params === undefined ? {} : { params }) };
    const response = await peer.call(request);
    exchanges.push({ name, request, response });
    return (response['result'] ?? response['error']) as Message;
  }

  /** Notes what a subscriber was told, beside the exchange that it subscribed with. */
  told(method: string, ...notifications: Message[]): void {
    const exchange = this.#exchanges.get(method)?.at(-1);
    if (exchange !== undefined) exchange.notifications = [...(exchange.notifications ?? []), ...notifications];
  }

  /** Writes one file for each method, and removes those of methods that are gone. */
  write(folder: string, redact: (text: string) => string): void {
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder)) if (!this.#exchanges.has(file.replace(/\.json$/, ''))) rmSync(join(folder, file));
    for (const [method, exchanges] of this.#exchanges) {
      const text = JSON.stringify({ method, exchanges }, null, 2);
      writeFileSync(join(folder, `${method}.json`), `${redact(text)}\n`);
    }
  }
}
