/**
 * Writes what is made from the method table: protocol/openrpc.json, and the tables in protocol/README.md.
 *
 *   node packages/protocol/generate.ts           writes
 *   node packages/protocol/generate.ts --check   writes nothing; exit status 1 where a file is not what would be written
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOpenRpc } from './src/openrpc.ts';
import { makeReference } from './src/reference.ts';

const folder = join(import.meta.dirname, '..', '..', 'protocol');

function withTables(text: string): string {
  let result = text;
  for (const [name, table] of Object.entries(makeReference())) {
    const begin = `<!-- generated: ${name} -->`;
    const end = `<!-- end: ${name} -->`;
    const from = result.indexOf(begin);
    const to = result.indexOf(end);
    if (from === -1 || to < from) throw new Error(`protocol/README.md lacks the markers ${begin} and ${end}`);
    result = `${result.slice(0, from + begin.length)}\n${table}\n${result.slice(to)}`;
  }
  return result;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const readme = join(folder, 'README.md');
const files: readonly (readonly [string, string])[] = [
  [join(folder, 'openrpc.json'), `${JSON.stringify(makeOpenRpc(), null, 2)}\n`],
  [readme, withTables(readFileSync(readme, 'utf8'))],
];

let stale = 0;
for (const [path, text] of files) {
  if (readOrEmpty(path) === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${path} is not what the method table gives: run npm run generate\n`);
    stale += 1;
  } else writeFileSync(path, text);
}
process.exitCode = stale === 0 ? 0 : 1;
