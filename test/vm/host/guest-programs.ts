import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { rolldown, type Plugin } from 'rolldown';
import { checkout, guestCheckout, guestFolder } from './checkout.ts';
import type { CpioEntry } from './cpio.ts';

/** In the guest as packages: they hold native code. */
const external = ['better-sqlite3', 'koffi'];

/** Where a source lies is, in the guest, where it lies in the guest's checkout, whatever bundle it came to be in. */
const keepsItsPlace: Plugin = {
  name: 'keeps-its-place',
  transform: {
    filter: { code: 'import.meta.' },
    handler(code, id) {
      const file = `/${guestCheckout}/${relative(checkout, id)}`;
      const replaced = code
        .replaceAll('import.meta.url', JSON.stringify(`file://${file}`))
        .replaceAll('import.meta.dirname', JSON.stringify(file.slice(0, file.lastIndexOf('/'))));
      return { code: replaced, map: null };
    },
  },
};

/**
 * The agent and the scenarios as JavaScript: an emulated machine would spend most of its time with stripping types and
 * with finding a hundred small files.
 */
export async function guestPrograms(): Promise<CpioEntry[]> {
  const scenarios = readdirSync(join(guestFolder, 'scenarios'), { recursive: true, encoding: 'utf8' });
  const sources = [
    'agent.ts',
    'scenario-process.ts',
    'guard-keeper.ts',
    ...scenarios.filter((path) => path.endsWith('.ts')).map((path) => `scenarios/${path}`),
  ];
  const build = await rolldown({
    cwd: checkout,
    input: Object.fromEntries(sources.map((path) => [path.slice(0, -'.ts'.length), join(guestFolder, path)])),
    platform: 'node',
    external,
    plugins: [keepsItsPlace],
  });
  try {
    const { output } = await build.generate({
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'shared/[name]-[hash].js',
    });
    const place = `${guestCheckout}/${relative(checkout, guestFolder)}`;
    return output
      .filter((file) => file.type === 'chunk')
      .map((chunk): CpioEntry => ({ kind: 'text', path: `${place}/${chunk.fileName}`, text: chunk.code }));
  } finally {
    await build.close();
  }
}
