import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, relative, resolve } from 'node:path';
import type { Plugin } from 'rolldown';

/** In the published package, at the same place as in the checkout. */
const publishedFolders = ['bin/', 'protocol/', 'package.json'];

const fileUrl = /new URL\(\s*(['"])(\.\.?\/[^'"]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;

/**
 * Keeps `new URL('./file', import.meta.url)` true in the bundle. A `.ts` file (a worker's) is bundled to a program of its
 * own; a published file is found from dist/; any other file is copied beside the bundle.
 */
export function fileUrls(root: string, program: string, extension: string): Plugin {
  return {
    name: 'file-urls',
    transform: {
      filter: { code: 'import.meta.url', id: /\.ts$/ },
      async handler(code, id) {
        const found = [...code.matchAll(fileUrl)];
        if (found.length === 0) return null;
        let result = code;
        for (const [text, , specifier = ''] of found) {
          const target = resolve(dirname(id), specifier);
          if (!existsSync(target)) throw new Error(`${relative(root, id)}: no such file: ${specifier}`);
          const inRoot = relative(root, target);
          let url: string;
          if (publishedFolders.some((folder) => inRoot.startsWith(folder))) {
            url = `../${inRoot}`;
          } else if (extname(target) === '.ts') {
            url = `./${program}-${basename(target, '.ts')}${extension}`;
            this.emitFile({ type: 'chunk', id: target, fileName: url.slice(2) });
          } else {
            url = `./${program}-${basename(target)}`;
            this.emitFile({ type: 'asset', source: await readFile(target), fileName: url.slice(2) });
          }
          result = result.replace(text, `new URL(${JSON.stringify(url)}, import.meta.url)`);
        }
        return { code: result, map: null };
      },
    },
  };
}
