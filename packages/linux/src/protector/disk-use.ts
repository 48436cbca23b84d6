import { statfsSync } from 'node:fs';

/**
 * How full a file system is, as df(1) says it: of what everybody may use.
 * @returns 0 to 100; undefined where the path is gone
 */
export function diskUsedPercent(path: string): number | undefined {
  try {
    const { blocks, bfree, bavail } = statfsSync(path);
    const used = blocks - bfree;
    return used + bavail === 0 ? undefined : (used / (used + bavail)) * 100;
  } catch {
    return undefined;
  }
}
