import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of the test's own, removed with all that is in it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** A path inside it. */
  file(name: string): string;
}

/**
 * Makes a fresh folder. Its path is short: a Unix socket's has 107 bytes.
 *
 * @param mode 0o755 where other users must reach what is in it
 */
export async function makeFolder(mode = 0o700): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'omnid-'));
  await chmod(path, mode);
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
