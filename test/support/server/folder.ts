import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of the test's own, removed with all that is in it. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  /** A path inside it. */
  file(name: string): string;
}

/** A test that is timed out disposes of nothing: what it left is removed when its process ends. */
const folders = new Set<string>();
process.on('exit', () => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/**
 * Makes a fresh folder. Its path is short: a Unix socket's has 107 bytes.
 *
 * @param mode 0o755 where other users must reach what is in it
 */
export async function makeFolder(mode = 0o700): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'omnid-'));
  folders.add(path);
  await chmod(path, mode);
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true });
      folders.delete(path);
    },
  };
}
