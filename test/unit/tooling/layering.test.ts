import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** A file that holds one import, and where it would stand; `*` is any name. */
interface Case {
  readonly file: string;
  readonly code: string;
}

const value = (specifier: string): string => `import { x } from '${specifier}';\nexport const y: unknown = x;\n`;
const type = (specifier: string): string => `import type { X } from '${specifier}';\nexport type Y = X;\n`;

const refused: readonly Case[] = [
  // protocol imports no sibling.
  ...['core', 'linux', 'server', 'client', 'cli'].map((name) => ({
    file: 'packages/protocol/src/*.ts',
    code: value(`#${name}/x.ts`),
  })),
  { file: 'packages/protocol/src/*.ts', code: type('#core/x.ts') },
  { file: 'packages/protocol/src/*.ts', code: value('../../core/src/x.ts') },
  // core: types of protocol alone, nothing of the machine.
  ...['linux', 'server', 'client', 'cli'].map((name) => ({ file: 'packages/core/src/*.ts', code: value(`#${name}/x.ts`) })),
  { file: 'packages/core/src/*.ts', code: type('#linux/x.ts') },
  { file: 'packages/core/src/*.ts', code: type('../../server/src/x.ts') },
  { file: 'packages/core/src/*.ts', code: value('#protocol/x.ts') },
  { file: 'packages/core/src/*.ts', code: value('../../protocol/src/x.ts') },
  { file: 'packages/core/src/*.ts', code: value('node:fs') },
  { file: 'packages/core/src/*.ts', code: value('fs') },
  { file: 'packages/core/src/*.ts', code: type('node:net') },
  { file: 'packages/core/src/*.ts', code: value('typebox') },
  { file: 'packages/core/src/*.ts', code: `export const y: number = Date.now();\n` },
  { file: 'packages/core/src/*.ts', code: `export const y: unknown = process.pid;\n` },
  { file: 'packages/core/src/*.ts', code: `export const y: unknown = setTimeout(() => undefined, 1);\n` },
  // linux: types of core and protocol.
  ...['server', 'client', 'cli'].map((name) => ({ file: 'packages/linux/src/*.ts', code: type(`#${name}/x.ts`) })),
  { file: 'packages/linux/src/*.ts', code: value('#core/x.ts') },
  { file: 'packages/linux/src/*.ts', code: value('#protocol/x.ts') },
  { file: 'packages/linux/src/deep/er/*.ts', code: value('../../../../core/src/x.ts') },
  { file: 'packages/linux/src/*.ts', code: value('better-sqlite3') },
  // server: protocol, core and linux.
  { file: 'packages/server/src/*.ts', code: value('#client/x.ts') },
  { file: 'packages/server/src/handlers/*.ts', code: type('../../../cli/src/x.ts') },
  { file: 'packages/server/src/*.ts', code: value('koffi') },
  // client: protocol alone.
  ...['core', 'linux', 'server', 'cli'].map((name) => ({ file: 'packages/client/src/*.ts', code: type(`#${name}/x.ts`) })),
  { file: 'packages/client/src/*.ts', code: value('../../server/src/x.ts') },
  { file: 'packages/client/src/*.ts', code: value('#test/support/x.ts') },
  // cli: client and protocol; linux where a process is set up.
  ...['core', 'linux', 'server'].map((name) => ({ file: 'packages/cli/src/commands/*.ts', code: type(`#${name}/x.ts`) })),
  { file: 'packages/cli/src/commands/run.ts', code: value('#server/x.ts') },
  { file: 'packages/cli/src/commands/run.ts', code: value('#core/x.ts') },
  { file: 'packages/cli/src/run/*.ts', code: value('#server/x.ts') },
  { file: 'packages/cli/src/*.ts', code: value('#linux/x.ts') },
  { file: 'packages/cli/src/commands/*.ts', code: value('../../../linux/src/x.ts') },
  // Every way to import.
  { file: 'packages/client/src/*.ts', code: `export const y: unknown = await import('#server/x.ts');\n` },
  { file: 'packages/client/src/*.ts', code: `export * from '#server/x.ts';\n` },
  { file: 'packages/client/src/*.ts', code: `export { x } from '#server/x.ts';\n` },
  { file: 'packages/client/src/*.ts', code: `import '#server/x.ts';\n` },
  { file: 'packages/client/src/*.ts', code: `export type Y = import('#server/x.ts').X;\n` },
  // Nothing imports server.
  { file: 'scripts/*.ts', code: value('#server/x.ts') },
  { file: 'demo/*.ts', code: value('../packages/server/src/x.ts') },
];

const accepted: readonly Case[] = [
  { file: 'packages/core/src/*.ts', code: type('#protocol/x.ts') },
  { file: 'packages/core/src/*.ts', code: value('#core/x.ts') },
  { file: 'packages/core/src/*.ts', code: value('./x.ts') },
  { file: 'packages/linux/src/*.ts', code: type('#core/x.ts') },
  { file: 'packages/linux/src/*.ts', code: type('#protocol/x.ts') },
  { file: 'packages/linux/src/*.ts', code: value('koffi') },
  ...['protocol', 'core', 'linux'].map((name) => ({ file: 'packages/server/src/*.ts', code: value(`#${name}/x.ts`) })),
  { file: 'packages/server/src/store/*.ts', code: value('better-sqlite3') },
  { file: 'packages/client/src/*.ts', code: value('#protocol/x.ts') },
  { file: 'packages/cli/src/commands/*.ts', code: value('#client/x.ts') },
  { file: 'packages/cli/src/commands/*.ts', code: value('../server/x.ts') },
  { file: 'packages/cli/src/commands/run.ts', code: value('#linux/x.ts') },
  { file: 'packages/cli/src/commands/confine.ts', code: value('#linux/x.ts') },
  { file: 'packages/cli/src/run/*.ts', code: value('#linux/x.ts') },
  { file: 'packages/cli/src/run/deeper/*.ts', code: value('#linux/x.ts') },
  { file: 'test/unit/*.ts', code: value('#server/x.ts') },
];

const layerRules = ['no-restricted-imports', 'no-restricted-globals', 'no-restricted-properties', 'consistent-type-imports'];

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

function lint(folder: string): Promise<Report> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const { promise, resolve, reject } = Promise.withResolvers<Report>();
  execFile(process.execPath, [oxlint, '--format', 'json'], { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout) => {
    // It ends with 1 where it found something.
    if (error !== null && error.code !== 1) reject(error);
    else resolve(JSON.parse(stdout) as Report);
  });
  return promise;
}

function roundsOf(cases: readonly Case[]): ReadonlyMap<string, Case>[] {
  const rounds: Map<string, Case>[] = [];
  for (const [index, one] of cases.entries()) {
    const file = one.file.replace('*', `a${String(index)}`);
    const round = rounds.find((taken) => !taken.has(file));
    if (round === undefined) rounds.push(new Map([[file, one]]));
    else round.set(file, one);
  }
  return rounds;
}

describe('lint holds the layers of the architecture', () => {
  let folder: string;
  const refusals = new Set<Case>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omnimind-layers-'));
    const cases = [...refused, ...accepted];
    // One run of the linter for as many cases as have different files.
    for (const [round, some] of roundsOf(cases).entries()) {
      const tree = join(folder, String(round));
      for (const [file, { code }] of some) {
        await mkdir(dirname(join(tree, file)), { recursive: true });
        await writeFile(join(tree, file), code);
      }
      await copyFile(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
      const { diagnostics } = await lint(tree);
      for (const { code, filename } of diagnostics) {
        const found = some.get(filename);
        if (found !== undefined && layerRules.some((rule) => code.includes(rule))) refusals.add(found);
      }
    }
  }, 60_000);

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test.for(refused)('refuses $file: $code', (one) => {
    expect(refusals.has(one)).toBe(true);
  });

  test.for(accepted)('accepts $file: $code', (one) => {
    expect(refusals.has(one)).toBe(false);
  });
});
