import { readdirSync, readFileSync } from 'node:fs';
import type { TestFolder } from '#test/support/server/folder.ts';
import { runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';

/** The servers that omnictl started for a user: known by the home in their environment, so they are no one else's. */
export function serversOf(folder: TestFolder): readonly number[] {
  return processesOf(folder, isServer);
}

/** The holders of terminals that omnictl started for a user. */
function holdersOf(folder: TestFolder): readonly number[] {
  return processesOf(folder, (pid) => read(pid, 'cmdline').split('\0').includes('hold-terminal'));
}

function processesOf(folder: TestFolder, isMeant: (pid: number) => boolean): readonly number[] {
  const mark = `XDG_RUNTIME_DIR=${folder.file('runtime')}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isMeant(pid) && read(pid, 'environ').split('\0').includes(mark));
}

function isServer(pid: number): boolean {
  const words = read(pid, 'cmdline').split('\0');
  return words[0] === process.execPath && /server\/src\/main\.ts$|omnid\.js$/.test(words[1] ?? '');
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${String(pid)}/${file}`, 'latin1');
  } catch {
    return '';
  }
}

/** Ends all of them, and waits until they are gone. */
export async function endServersOf(folder: TestFolder): Promise<void> {
  for (const pid of [...holdersOf(folder), ...serversOf(folder)]) {
    const startTicks = startTicksOf(pid);
    process.kill(pid, 'SIGKILL');
    await until(() => !runs(pid, startTicks));
  }
}
