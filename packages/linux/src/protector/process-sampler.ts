import { constants } from 'node:fs';
import type { ProcessColumns } from '#core/protector/process-columns.ts';
import { boottimeMs, pageSizeBytes } from '../clock.ts';
import { EACCES, ENOENT, EPERM, ESRCH, SystemCallError } from '../errno.ts';
import { closeFile, openFile, openFileAt, readFile, readFolder, seekFile } from '../ffi.ts';
import { fillFromStat } from './stat-column.ts';
import { pidPath } from './pid-path.ts';
import { findKib } from './scan-number.ts';

const O_CLOEXEC = 0o2000000;
const SEEK_SET = 0;
const folderBytes = 64 * 1024;
/** A stat line has at most 52 numbers of 20 digits; a status file about 1.5 KiB. */
const fileBytes = 4096;
/** struct linux_dirent64: d_ino, d_off (8 bytes each), d_reclen (2), d_type (1), d_name. */
const RECORD_LENGTH = 16;
const NAME = 19;

/**
 * Reads the memory and the CPU time of every process, a few microseconds each: no process is started, and every buffer was
 * made beforehand, so that it goes on when memory is short. The folder /proc is held open; each file costs one descriptor
 * for the time of its reading.
 */
export class ProcessSampler implements Disposable {
  readonly #columns: ProcessColumns;
  readonly #proc: number;
  readonly #names = Buffer.alloc(folderBytes);
  readonly #file = Buffer.alloc(fileBytes);
  #left = 0;
  #open = true;

  /**
   * @param columns what is filled; processes beyond their capacity are not seen
   * @throws SystemCallError where /proc is not mounted
   */
  constructor(columns: ProcessColumns) {
    this.#columns = columns;
    this.#proc = openFile('/proc', constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC);
    if (this.#proc < 0) throw new SystemCallError('open', -this.#proc, '/proc');
  }

  /** Processes of the last look that found no place in the columns. */
  get left(): number {
    return this.#left;
  }

  /**
   * Looks through the process table, into the columns. Who exits meanwhile is left out.
   *
   * @param atMs when that is, CLOCK_MONOTONIC
   * @param withSwap read what each has in the swap too: twice the cost
   * @throws SystemCallError where descriptors or memory are wanting
   */
  sample(atMs: number, withSwap: boolean): ProcessColumns {
    const columns = this.#columns;
    columns.atMs = atMs;
    columns.bootMs = boottimeMs();
    columns.count = 0;
    this.#left = 0;
    seekFile(this.#proc, 0, SEEK_SET);
    for (let size = this.#readNames(); size > 0; size = this.#readNames()) {
      for (let at = 0; at < size; at += this.#names.readUInt16LE(at + RECORD_LENGTH)) {
        const pid = this.#pidAt(at + NAME);
        if (pid > 0) this.#add(pid, withSwap);
      }
    }
    return columns;
  }

  #readNames(): number {
    const size = readFolder(this.#proc, this.#names, folderBytes);
    if (size < 0) throw new SystemCallError('getdents64', -size, '/proc');
    return size;
  }

  /** @returns 0 where the name is no number */
  #pidAt(start: number): number {
    let pid = 0;
    for (let at = start; ; at += 1) {
      const byte = this.#names[at] ?? 0;
      if (byte === 0) return pid;
      if (byte < 0x30 || byte > 0x39) return 0;
      pid = pid * 10 + byte - 0x30;
    }
  }

  #add(pid: number, withSwap: boolean): void {
    const columns = this.#columns;
    const row = columns.count;
    if (row === columns.pid.length) {
      this.#left += 1;
      return;
    }
    const size = this.#read(pid, 'stat');
    if (size <= 0 || !fillFromStat(columns, row, pid, this.#file, size, pageSizeBytes)) return;
    columns.swapBytes[row] = 0;
    if (withSwap && columns.kind[row] === 0) {
      const statusSize = this.#read(pid, 'status');
      if (statusSize > 0) columns.swapBytes[row] = findKib(this.#file, statusSize, 'VmSwap:') * 1024;
    }
    columns.count = row + 1;
  }

  /** @returns bytes read, or -1 where it is gone or must not be seen */
  #read(pid: number, file: 'stat' | 'status'): number {
    const fd = openFileAt(this.#proc, pidPath(pid, file), constants.O_RDONLY | O_CLOEXEC);
    if (fd < 0) return noProcess(fd);
    const size = readFile(fd, this.#file, fileBytes);
    closeFile(fd);
    return size < 0 ? noProcess(size) : size;
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    closeFile(this.#proc);
  }
}

function noProcess(result: number): -1 {
  if (result === -ENOENT || result === -ESRCH || result === -EACCES || result === -EPERM) return -1;
  throw new SystemCallError('read', -result, '/proc/PID');
}
