import { expect, it } from 'vitest';
import { CommitQueue } from '#server/store/commit-queue.ts';
import { openDatabase } from '#server/store/database.ts';
import { makeFolder, type TestFolder } from '#test/support/server/folder.ts';

/** A queue on a real database that notes, for each transaction, which writes were in it. */
class Watched implements AsyncDisposable {
  readonly transactions: string[][] = [];
  readonly #database;
  readonly #queue: CommitQueue;
  #made: string[] = [];
  onEnded: (() => void) | undefined;

  constructor(folder: TestFolder) {
    this.#database = openDatabase(folder.file('omnid.db'));
    this.#queue = new CommitQueue(this.#database, () => {
      this.transactions.push(this.#made);
      this.#made = [];
      this.onEnded?.();
    });
  }

  write(name: string): Promise<void> {
    return this.#queue.run(() => {
      this.#made.push(name);
      this.#database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(name, name);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.drained();
    this.#queue.close();
    this.#database.close();
  }
}

it('makes one transaction of what is asked for in one turn, and one of what comes while the disk is busy with it', async () => {
  await using folder = await makeFolder();
  await using queue = new Watched(folder);
  const later: Promise<void>[] = [];
  queue.onEnded = () => {
    queue.onEnded = undefined;
    later.push(queue.write('c'));
    // The sync begins after this, and its end can be heard of in a later turn alone: this comes in the turn before.
    setImmediate(() => later.push(queue.write('d')));
  };
  await Promise.all([queue.write('a'), queue.write('b')]);
  await Promise.all(later);
  expect(queue.transactions).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});
