import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const node = '/omnimind/node_modules/.bin/node';
export const guestPrograms = '/omnimind/test/vm/guest';

/** What a command prints. @throws Error with what it said where it fails */
export async function output(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args);
  return stdout.trim();
}

/** A transient service, outside of the scenario's own group; it is stopped with the scenario unless that lets go of it. */
export interface Service extends AsyncDisposable {
  /** Its main process. */
  readonly pid: number;
}

/** Starts a service. */
export async function startService(
  unit: string,
  properties: readonly string[],
  ...command: readonly string[]
): Promise<Service> {
  const settings = properties.map((each) => `--property=${each}`);
  await output('systemd-run', '--quiet', '--collect', `--unit=${unit}`, ...settings, ...command);
  return {
    pid: await mainPid(unit),
    [Symbol.asyncDispose]: async () => {
      // One that has ended is unloaded, and unknown.
      await output('systemctl', 'stop', unit).catch(() => '');
    },
  };
}

export async function mainPid(unit: string): Promise<number> {
  return Number(await output('systemctl', 'show', '--property=MainPID', '--value', unit));
}

/** Waits until a service has said this in the journal. @throws Error with all that it said where it ends before */
export async function said(unit: string, words: string): Promise<void> {
  for (;;) {
    const active = await output('systemctl', 'show', '--property=ActiveState', '--value', unit);
    const journal = await output('journalctl', '--unit', unit, '--boot', '--output=cat', '--no-pager');
    if (journal.split('\n').includes(words)) return;
    if (active !== 'active') throw new Error(`${unit} is ${active}: ${journal}`);
    // Asking costs more than what is waited for.
    await delay(500);
  }
}
