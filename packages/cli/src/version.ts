import manifest from '../../../package.json' with { type: 'json' };

/** The version of this omnictl, and of the omnid beside it. */
export const cliVersion: string = manifest.version;

/**
 * Is the first version newer? Numbers alone count, as `1.10.0` after `1.9.3`; what follows a `-` does not.
 */
export function isNewer(version: string, than: string): boolean {
  const left = numbersOf(version);
  const right = numbersOf(than);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function numbersOf(version: string): readonly number[] {
  return (version.split(/[-+]/)[0] ?? '').split('.').map(Number);
}

/** What a newer omnictl tells of an older server; it never restarts it by itself. @returns undefined where all is well */
export function versionWarning(serverVersion: string): string | undefined {
  if (!isNewer(cliVersion, serverVersion)) return undefined;
  return `the server is older (${serverVersion}) than this omnictl (${cliVersion}): 'omnictl server restart' brings them together`;
}
