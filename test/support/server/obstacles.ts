import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { makeFolder, type TestFolder } from './folder.ts';
import { databaseOf, type Omnid } from './omnid.ts';
import { runScript } from './processes.ts';

const prlimit = '/usr/bin/prlimit';
const hasPrlimit = existsSync(prlimit);

/** How a database can be kept from growing, and let grow again, without touching anything else of the machine. */
export interface Obstacle extends AsyncDisposable {
  readonly folder: TestFolder;
  /** The database, as the test can reach it. */
  readonly database: string;
  /** What starts the server under it. */
  readonly prefix: readonly string[];
  /** From now on the database does not grow. */
  close(omnid: Omnid): Promise<void>;
  open(omnid: Omnid): Promise<void>;
}

/** RLIMIT_FSIZE: a file of the server's cannot grow beyond it (EFBIG); another process can change it. */
async function fileSizeLimit(): Promise<Obstacle> {
  const folder = await makeFolder();
  const set = (omnid: Omnid, limit: string): Promise<void> => {
    const { status, stderr } = spawnSync(prlimit, ['--pid', String(omnid.pid), `--fsize=${limit}:unlimited`]);
    if (status !== 0) throw new Error(`prlimit: ${stderr.toString()}`);
    return Promise.resolve();
  };
  return {
    folder,
    database: databaseOf(folder),
    prefix: [],
    close: (omnid) => set(omnid, String(statSync(`${databaseOf(folder)}-wal`).size)),
    open: (omnid) => set(omnid, 'unlimited'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/**
 * A file system of its own, of two mebibytes, that ballast fills (ENOSPC). It is mounted in a mount namespace that one
 * waiting process keeps: it goes with that process, whatever becomes of the test.
 */
async function smallFileSystem(): Promise<Obstacle> {
  const folder = await makeFolder();
  const state = folder.file('state');
  await mkdir(state, { mode: 0o700 });
  const keeper = runScript(
    'exec unshare --mount sh -c "mount -t tmpfs -o size=2m,mode=700 test \\"$1\\" && echo mounted && exec cat <&3" sh "$1"',
    {
      args: [state],
    },
  );
  await keeper.line();
  const inside = `/proc/${String(keeper.pid)}/root${state}`;
  const ballast = (bytes: number, count: number): string => `${inside}/ballast-${String(bytes)}-${String(count)}`;
  return {
    folder,
    database: `${inside}/omnid.db`,
    prefix: ['nsenter', `--mount=/proc/${String(keeper.pid)}/ns/mnt`],
    close: async () => {
      for (const bytes of [65_536, 4096]) {
        let count = 0;
        while (await writes(ballast(bytes, count), Buffer.alloc(bytes))) count += 1;
      }
    },
    open: async () => {
      for (const bytes of [65_536, 4096]) {
        for (let count = 0; existsSync(ballast(bytes, count)); count += 1) await rm(ballast(bytes, count));
      }
    },
    [Symbol.asyncDispose]: async () => {
      await keeper[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function writes(path: string, bytes: Buffer): Promise<boolean> {
  try {
    await writeFile(path, bytes);
    return true;
  } catch {
    return false;
  }
}

/** As root, and where the kernel lets it. */
function canMount(): boolean {
  return spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs probe /tmp && nsenter --version']).status === 0;
}

/** Each way, and whether it can be had here. */
export const obstacles: readonly { what: string; can: boolean; make: () => Promise<Obstacle> }[] = [
  { what: 'a file that may not grow (prlimit)', can: hasPrlimit, make: fileSizeLimit },
  { what: 'a full file system (mount, as root)', can: canMount(), make: smallFileSystem },
];
