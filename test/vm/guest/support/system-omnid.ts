import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Verdict } from '#protocol/verdict.ts';
import { until } from '#test/support/server/until.ts';
import { Wire } from '#test/support/server/wire.ts';
import { startService, type Service } from './system.ts';

export const socket = '/run/omnimind/omnid.sock';
export const database = '/var/lib/omnimind/omnid.db';

/** A file that is written and never synchronised: by it a power cut is known to have been one. */
export const unsynchronised = '/var/tmp/unsynchronised';

/** omnid as an administrator would run it: a service, where every command finds it. It answers when this resolves. */
export async function startOmnid(): Promise<Service> {
  const service = await startService('omnid', ['Restart=on-failure'], '/omnimind/node_modules/.bin/omnid', '--scope', 'system');
  await (await connectOmnid())[Symbol.asyncDispose]();
  return service;
}

/** A connection, once it answers. */
export async function connectOmnid(): Promise<Wire> {
  return await until(() => Wire.connect(socket).catch(() => undefined));
}

/** The verdict on a SIGKILL, as soon as a server gives one: the one before may still be on its way out. */
export async function verdictOn(pid: number): Promise<Verdict> {
  return await until(async () => {
    try {
      await using wire = await Wire.connect(socket);
      const [verdict] = await wire.call('protection.check', { pids: [pid] });
      return verdict;
    } catch {
      return undefined;
    }
  });
}

/** omnictl without any option of where. @returns what it printed @throws Error where it fails */
export async function omnictl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('/omnimind/node_modules/.bin/omnictl', args);
  return stdout.trim();
}
