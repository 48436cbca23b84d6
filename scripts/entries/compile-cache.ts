import { lstatSync, mkdirSync, type Stats } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

const stickyBit = 0o1000;
const othersMayWrite = 0o022;

/** Nobody but root and the caller can put a file there, or put another folder in its place. */
function isOurs(stats: Stats, uid: number): boolean {
  if (!stats.isDirectory() || (stats.uid !== uid && stats.uid !== 0)) return false;
  return (stats.mode & othersMayWrite) === 0 || ((stats.mode & stickyBit) !== 0 && stats.uid === 0);
}

function isOursToTheRoot(folder: string, uid: number): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (!isOurs(lstatSync(path), uid)) return false;
    if (path === dirname(path)) return true;
  }
}

/**
 * Lets V8 keep its compiled code between runs. What lies in that folder is run as code, so it is the caller's own
 * folder or none: under sudo, HOME may still be another user's.
 */
export function keepCompiledCode(): void {
  try {
    const uid = process.geteuid?.();
    const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
    if (uid === undefined || !isAbsolute(base)) return;
    const folder = join(base, 'omnimind', 'compiled');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (lstatSync(folder).uid === uid && isOursToTheRoot(folder, uid)) enableCompileCache(folder);
  } catch {
    // A read-only or missing home: the command works all the same, a few milliseconds slower.
  }
}
