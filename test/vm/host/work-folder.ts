import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What every such folder's name begins with; the pid of its maker comes next. */
export const workFolderPrefix = 'omnimind-vm-';

/** A folder for as long as something runs. */
export interface WorkFolder extends AsyncDisposable {
  readonly path: string;
}

/** Makes a fresh one, and removes those of test runs that were killed: they hold a disk or an archive each. */
export async function makeWorkFolder(): Promise<WorkFolder> {
  await removeAbandoned();
  const path = await mkdtemp(join(tmpdir(), `${workFolderPrefix}${String(process.pid)}-`));
  const removeAtExit = (): void => {
    rmSync(path, { recursive: true, force: true });
  };
  process.on('exit', removeAtExit);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      process.off('exit', removeAtExit);
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(workFolderPrefix) ? name.slice(workFolderPrefix.length).split('-', 1)[0] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    // Another user's stays.
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}
