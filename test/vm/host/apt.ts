import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { output } from './command.ts';
import { Unavailable } from './unavailable.ts';

/** Changes when apt learns of new packages. */
const LISTS = '/var/lib/apt/lists';
const UPDATE = "has 'apt-get update' been run?";

/**
 * The packages that a package says it needs, by name.
 *
 * @throws Unavailable where apt is not here, or does not know the package
 */
export async function dependencies(name: string): Promise<string[]> {
  const text = await ask('depends', '--important', name);
  return [...text.matchAll(/^ *Depends: ([a-z0-9.+-]+)$/gm)].map(([, dependency = '']) => dependency);
}

/**
 * The folder of a package's files, of the version that apt would install: downloaded and unpacked, not installed.
 *
 * @throws Unavailable where it cannot be had
 */
export async function unpackedPackage(name: string): Promise<string> {
  const version = /^ *Candidate: (\S+)$/m.exec(await ask('policy', name))?.[1];
  if (version === undefined || version === '(none)') throw new Unavailable(`apt knows no package ${name} (${UPDATE})`);
  return await cached(`${name}_${version.replaceAll(':', '.')}`, async (folder) => {
    await mkdir(folder);
    await output('apt-get', ['download', '-qq', `${name}=${version}`], { cwd: folder }).catch((error: unknown) => {
      throw new Unavailable(`${name} cannot be downloaded (${UPDATE}): ${String(error)}`);
    });
    const [archive = ''] = await readdir(folder);
    await output('dpkg', ['-x', archive, '.'], { cwd: folder });
    await rm(join(folder, archive));
  });
}

/** What apt-cache says. It reads all of its lists each time: its answers are kept until these change. */
async function ask(...args: readonly string[]): Promise<string> {
  const lists = await stat(LISTS).catch(() => {
    throw new Unavailable('packages come from apt, which is not on this machine');
  });
  const question = createHash('sha256').update(JSON.stringify([args, lists.mtimeMs]));
  const file = await cached(`apt-${question.digest('hex').slice(0, 16)}.txt`, async (path) => {
    const answer = await output('apt-cache', args).catch((error: unknown) => {
      throw new Unavailable(`apt does not know it (${UPDATE}): ${String(error)}`);
    });
    await writeFile(path, answer);
  });
  return await readFile(file, 'utf8');
}
