import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const bundle = join(checkout, 'dist/omnid.cjs');
const source = join(checkout, 'packages/server/src/main.ts');
/** scripts/setup.sh leaves it, with the time at which the sources were read for the bundle. */
const built = join(checkout, '.cache/built');

/** A changed file has a new change time, whatever its modification time says. */
function changedSince(folder: string, moment: number): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? changedSince(path, moment) : statSync(path).ctimeMs > moment;
  });
}

function bundleIsFresh(): boolean {
  if (!existsSync(bundle) || !existsSync(built)) return false;
  const moment = statSync(built).mtimeMs;
  return ['protocol', 'core', 'linux', 'server'].every((name) => !changedSince(join(checkout, 'packages', name), moment));
}

/** What is started as omnid: the bundle, which starts in a tenth of the time, where it is of these sources. */
export const omnidProgram: string = bundleIsFresh() ? bundle : source;
