import { makeFolder, type TestFolder } from './folder.ts';
import { Omnid, type OmnidOptions } from './omnid.ts';
import type { Wire } from './wire.ts';

/** A server in a folder of its own, and a first connection to it. */
export interface Served extends AsyncDisposable {
  readonly folder: TestFolder;
  readonly omnid: Omnid;
  readonly wire: Wire;
}

/** What most tests begin with. */
export async function serve(options: Omit<OmnidOptions, 'folder'> = {}): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder(options.scope === 'system' ? 0o755 : 0o700));
  const omnid = stack.use(await Omnid.start({ ...options, folder }));
  const wire = stack.use(await omnid.connect());
  // It is accepted only when the server comes to it: from here on it is counted.
  await wire.call('server.status', {});
  const owned = stack.move();
  return { folder, omnid, wire, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
