import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './machine.ts';

/** What a short command loads of omnictl. */
const starting = /^omnictl-(main|run)-[\w-]{8}\.cjs$/;

/** Of the sources in it: the SDK's client and commander, each of which takes longer to load than all of a short command. */
const heavy = /^\/\/ (packages\/client\/src\/client\.ts|node_modules\/(commander|json-rpc-2\.0)\/.*)$/m;

test('the files that `run` and `status` start from hold neither the client of the SDK nor commander', async () => {
  const files = (await readdir(join(root, 'dist'))).filter((file) => starting.test(file));
  expect(files.map((file) => file.split('-')[1]).toSorted()).toEqual(['main', 'run']);
  for (const file of files) expect(await readFile(join(root, 'dist', file), 'utf8')).not.toMatch(heavy);
});
