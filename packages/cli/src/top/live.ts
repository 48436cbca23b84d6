import type { Context } from '../context.ts';
import type { TopFeed } from './feed.ts';
import { FullScreen } from './full-screen.ts';
import { readKeys, type Key } from './keys.ts';
import type { TopModel } from './model.ts';
import { leaseRows, topScreen } from './screen.ts';
import { press, startState, type ViewState } from './view-state.ts';

const columnsMin = 20;
const rowsMin = 4;
/** A terminal that does not know its size says 0. */
const [columnsFallback, rowsFallback] = [80, 24];
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `top` on a terminal: a screen that is read again at each moment, and keys that change what it shows. */
export class LiveTop implements Disposable {
  readonly #context: Context;
  readonly #feed: TopFeed;
  readonly #screen = new FullScreen();
  readonly #over = Promise.withResolvers<undefined>();
  #state: ViewState = startState;
  #model: TopModel | undefined;
  #isOver = false;

  constructor(context: Context, feed: TopFeed) {
    this.#context = context;
    this.#feed = feed;
  }

  /**
   * Runs until a person has seen enough, or the terminal is gone.
   *
   * @param intervalMs between two looks
   * @param countMax looks at most
   */
  async run(intervalMs: number, countMax: number): Promise<void> {
    // Before the terminal is taken: a first look that fails is told on a screen that stays.
    this.#model = await this.#feed.read();
    this.#listen();
    this.#screen.open();
    this.#draw();
    for (let count = 1; count < countMax && !this.#isOver; count += 1) {
      await this.#pause(intervalMs);
      if (this.#isOver) return;
      if (this.#state.isPaused) continue;
      this.#model = await this.#feed.read();
      this.#draw();
    }
  }

  [Symbol.dispose](): void {
    const { stdin } = process;
    if (stdin.isTTY) {
      stdin.setRawMode(false);
      stdin.pause();
    }
    for (const signal of endings) process.off(signal, this.#end);
    process.stdout.off('resize', this.#resized);
    this.#screen.close();
  }

  #listen(): void {
    const { stdin, stdout } = process;
    for (const signal of endings) process.on(signal, this.#end);
    stdout.on('resize', this.#resized);
    if (!stdin.isTTY) return;
    stdin.setRawMode(true).setEncoding('utf8');
    stdin.on('data', (text: string) => {
      for (const key of readKeys(text)) this.#press(key);
      if (!this.#isOver) this.#draw();
    });
  }

  readonly #end = (): void => {
    this.#isOver = true;
    this.#over.resolve(undefined);
  };

  readonly #resized = (): void => {
    this.#screen.clear();
    this.#draw();
  };

  #press(key: Key): void {
    if (key === 'quit') this.#end();
    else if (key === 'suspend') this.#suspend();
    else if (this.#model !== undefined) this.#state = press(this.#state, key, this.#model, leaseRows(this.#size().rows));
  }

  /** Ctrl-Z: the shell gets its terminal as it was; `fg` comes back. */
  #suspend(): void {
    process.stdin.setRawMode(false);
    this.#screen.close();
    process.once('SIGCONT', () => {
      process.stdin.setRawMode(true);
      this.#screen.open();
      this.#draw();
    });
    process.kill(process.pid, 'SIGSTOP');
  }

  #size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = process.stdout;
    return { columns: Math.max(columnsMin, columns || columnsFallback), rows: Math.max(rowsMin, rows || rowsFallback) };
  }

  #draw(): void {
    if (this.#model === undefined) return;
    const lines = topScreen(this.#model, this.#state, this.#context.output, this.#size(), Date.now());
    if (!this.#screen.draw(lines)) this.#end();
  }

  async #pause(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, milliseconds, undefined);
    await Promise.race([promise, this.#over.promise]);
    clearTimeout(timer);
  }
}
