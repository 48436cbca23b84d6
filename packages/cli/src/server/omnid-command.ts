import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';

/**
 * The omnid that belongs to this omnictl: the package's command, which knows how Node is to be started for a server; else
 * what is beside it in a bundle, else in the checkout's sources.
 *
 * @param mainFile the file that node was started with
 * @returns program and first arguments
 */
export function omnidCommand(mainFile: string = process.argv[1] ?? ''): readonly string[] {
  const folder = dirname(mainFile);
  const launcher = join(folder, '..', 'bin', 'omnid');
  if (existsSync(join(folder, 'omnid.cjs')) && existsSync(launcher)) return [launcher];
  const files = [join(folder, 'omnid.cjs'), join(folder, '..', '..', 'server', 'src', 'main.ts')];
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw new CliError(exitCodes.noServer, `no server answers, and there is no omnid beside ${mainFile}: start omnid by hand`);
  }
  return [process.execPath, file];
}
