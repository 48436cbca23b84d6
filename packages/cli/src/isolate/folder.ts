import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { reasonOf } from '../output/output.ts';

/** Where what a person wrote is kept, in the project's folder. */
export const keptFolderName = '.omnimind-isolate';

/** A project's folder: its files, and what isolate has replaced of them. */
export class ProjectFolder {
  readonly path: string;

  /** @throws CliError where there is no such folder */
  constructor(path: string) {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
      throw new CliError(exitCodes.no, `${path} is not there: name a folder with --dir`);
    this.path = path;
  }

  /**
   * Reads a file.
   *
   * @returns undefined where it is not there
   * @throws CliError where it is no plain file: a link may lead anywhere
   */
  read(name: string): string | undefined {
    return attempt(`cannot read ${name}`, () => {
      const path = join(this.path, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (!stats.isFile()) throw new CliError(exitCodes.no, `${path} is no plain file: move it out of the way`);
      return readFileSync(path, 'utf8');
    });
  }

  /** Writes a file, all or nothing; undefined removes it. */
  write(name: string, text: string | undefined): void {
    attempt(`cannot write ${name}`, () => {
      const path = join(this.path, name);
      if (text === undefined) {
        rmSync(path, { force: true });
        return;
      }
      const before = lstatSync(path, { throwIfNoEntry: false });
      const part = join(this.path, `.${name}.${String(process.pid)}`);
      writeFileSync(part, text, { flag: 'wx', ...(before === undefined ? {} : { mode: before.mode & 0o777 }) });
      renameSync(part, path);
    });
  }

  /** What isolate replaced last of a file; undefined: nothing. */
  newestKept(name: string): { readonly file: string; readonly text: string } | undefined {
    const number = this.#numbers(name).at(-1);
    if (number === undefined) return undefined;
    const file = `${name}.${String(number)}`;
    return { file, text: readFileSync(join(this.path, keptFolderName, file), 'utf8') };
  }

  /**
   * Keeps a copy of a file, to the byte.
   *
   * @param suffix tells what undo must not bring back
   * @returns where, from the folder on
   */
  keep(name: string, suffix = ''): string {
    return attempt(`cannot keep what was in ${name}`, () => {
      mkdirSync(join(this.path, keptFolderName), { recursive: true });
      const number = (this.#numbers(`${name}${suffix}`).at(-1) ?? 0) + 1;
      const kept = join(keptFolderName, `${name}${suffix}.${String(number)}`);
      copyFileSync(join(this.path, name), join(this.path, kept), constants.COPYFILE_EXCL);
      return kept;
    });
  }

  /** Brings back what was kept last, to the byte; the folder goes with its last file. */
  restore(name: string): void {
    attempt(`cannot bring back ${name}`, () => {
      const kept = this.newestKept(name);
      if (kept === undefined) return;
      const folder = join(this.path, keptFolderName);
      renameSync(join(folder, kept.file), join(this.path, name));
      if (readdirSync(folder).length === 0) rmdirSync(folder);
    });
  }

  #numbers(name: string): readonly number[] {
    const folder = join(this.path, keptFolderName);
    if (!existsSync(folder)) return [];
    const rest = (file: string): string => file.slice(name.length + 1);
    const files = readdirSync(folder).filter((file) => file.startsWith(`${name}.`) && /^\d+$/.test(rest(file)));
    return files.map((file) => Number(rest(file))).toSorted((one, other) => one - other);
  }
}

function attempt<Value>(what: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = reasonOf(error) === 'EACCES' || reasonOf(error) === 'EROFS' ? exitCodes.notPermitted : exitCodes.tryAgain;
    throw new CliError(code, `${what}: ${reasonOf(error)}`, error);
  }
}
