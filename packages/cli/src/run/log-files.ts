import { closeSync, constants, fstatSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { reasonOf } from '../output/output.ts';
import { logFolder, logName } from './log-folder.ts';

const stdout = 1;
const stderr = 2;
const mode = 0o600;
const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK } = constants;

/** One file of a run's log, which the command writes itself: what it wrote is there, whoever is killed. */
export interface LogFile {
  readonly path: string;
  /** Open for appending and reading. */
  readonly fd: number;
  /** How long it was before this run, in bytes. */
  readonly from: number;
  /** The descriptor of ours that shows it: 1 or 2. */
  readonly shownBy: number;
}

/** Where a run's output is kept: one file for both streams where they go to one place, so that their order is kept too. */
export interface RunLog {
  readonly files: readonly LogFile[];
  /** What the command has as its standard output and standard error. */
  readonly stdio: readonly [stdout: number, stderr: number];
}

/**
 * Opens the log of a run that has no terminal.
 *
 * @param named FILE of --log; undefined: one in the state folder, named by the label
 * @returns undefined, with the reason told, where the state folder cannot be written: the command matters more
 * @throws UsageError where the file that was named cannot be opened, or is no regular file
 */
export function openRunLog(named: string | undefined, label: string, note: (text: string) => void): RunLog | undefined {
  try {
    const path = named === undefined ? newLogPath(label) : resolve(named);
    const out = openLogFile(path, stdout);
    if (goToOnePlace()) return { files: [out], stdio: [out.fd, out.fd] };
    const err = openLogFile(`${path}.err`, stderr);
    return { files: [out, err], stdio: [out.fd, err.fd] };
  } catch (error) {
    if (named !== undefined) throw error instanceof UsageError ? error : cannotOpen(named, error);
    note(`keeps no log: ${reasonOf(error)}`);
    return undefined;
  }
}

/** The path of a log that is to be made, in a folder that is there. */
export function newLogPath(label: string): string {
  const folder = logFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return `${folder}/${logName(label, new Date(), process.pid)}`;
}

/** @throws UsageError where it is no regular file: what is not kept cannot be followed */
export function openLogFile(path: string, shownBy: number): LogFile {
  // O_NONBLOCK: a FIFO in its place must not make us wait.
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, mode);
  const stats = fstatSync(fd);
  if (stats.isFile()) return { path, fd, from: stats.size, shownBy };
  closeSync(fd);
  throw new UsageError(`--log ${path} is not a regular file; --no-log keeps none`);
}

/**
 * The files of a run that is over. What nothing was written to is removed where omnictl made it: it tells nothing.
 *
 * @returns the paths of those that hold something of this run
 */
export function closeRunLog({ files }: RunLog, isOwn: boolean): readonly string[] {
  const written: string[] = [];
  for (const { path, fd, from } of files) {
    const { size, nlink } = fstatSync(fd);
    if (size > from) written.push(path);
    else if (size === 0 && nlink === 1 && isOwn) unlinkSync(path);
    closeSync(fd);
  }
  return written;
}

function goToOnePlace(): boolean {
  const [one, other] = [fstatSync(stdout), fstatSync(stderr)];
  return one.dev === other.dev && one.ino === other.ino;
}

function cannotOpen(path: string, error: unknown): UsageError {
  return new UsageError(`cannot open the log ${path}: ${reasonOf(error)}`);
}
