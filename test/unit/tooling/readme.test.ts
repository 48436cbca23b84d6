import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { methods } from '#protocol/methods.ts';
import { defaultConfig } from '#server/config.ts';

const root = join(import.meta.dirname, '..', '..', '..');

function read(name: string): string {
  return readFileSync(join(root, name), 'utf8');
}

const readme = read('README.md');

/** What stands under a heading of the second level. */
function section(title: string): string {
  const [, text] = readme.split(`\n## ${title}\n`);
  if (text === undefined) throw new Error(`README.md has no heading ${title}`);
  return text.split('\n## ', 1)[0] ?? '';
}

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}

describe('the code map', () => {
  const paths = [...section('Code map').matchAll(/`([\w.-]+\/[\w./-]+)`/g)].map(([, path = '']) => path);

  it('names files and folders that are there', () => {
    expect(paths.length).toBeGreaterThan(30);
    const isThere = (path: string): boolean =>
      existsSync(join(root, path)) && statSync(join(root, path)).isDirectory() === path.endsWith('/');
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });

  it('leads from a method to its handler by the rule that it gives', () => {
    const nouns = Object.keys(methods).map((method) => method.split('.', 1)[0]);
    for (const noun of new Set(nouns)) {
      if (noun !== 'rpc') expect(existsSync(join(root, `packages/server/src/handlers/${noun ?? ''}.ts`)), noun).toBe(true);
    }
  });
});

it('gives a reason for each dependency, and for nothing else', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Readonly<Record<string, string>>>;
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const rows = [...section('Dependencies').matchAll(/^\| `([^`]+)` \| ([a-z, ]+) \| (.+) \|$/gm)];
  const wanted = { ...dependencies, ...optionalDependencies, ...devDependencies };
  expect(rows.map(([, name = '']) => name).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [, name = '', kind = ''] of rows) {
    const isRuntime = name in { ...dependencies, ...optionalDependencies };
    expect(kind.startsWith('runtime'), name).toBe(isRuntime);
  }
});

describe('the configuration', () => {
  const [, toml = ''] = /```toml\n([^]*?)```/.exec(section('Configuration')) ?? [];

  it('shows every table and key of omnid.toml', () => {
    const [, schema = ''] = /const ConfigFile = ([^]*?)\n\);/.exec(read('packages/server/src/config.ts')) ?? [];
    const keys = [...schema.matchAll(/(\w+): Type\.Optional\(/g)].map(([, key = '']) => key);
    expect(keys.length).toBeGreaterThan(10);
    expect(keys.filter((key) => !new RegExp(`^(# )?\\[{0,2}${key}\\b`, 'm').test(toml))).toEqual([]);
  });

  it('shows keys that there are, with their defaults', () => {
    expect(defaultConfig()).toMatchObject(parse(toml));
  });
});

/** Does a link of this document lead to a file, and to a heading of it where it names one? */
function leadsSomewhere(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const file = path === '' ? document : join(document, '..', path);
  if (!existsSync(join(root, file))) return false;
  if (anchor === undefined) return true;
  return [...read(file).matchAll(/^#+ (.+)$/gm)].some(([, heading = '']) => anchorOf(heading) === anchor);
}

it.each(['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'protocol/README.md'])(
  '%s has no dead link',
  (name) => {
    const links = [...read(name).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !leadsSomewhere(name, link))).toEqual([]);
  },
);
