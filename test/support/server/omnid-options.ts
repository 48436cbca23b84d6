import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TestFolder } from './folder.ts';

export interface OmnidOptions {
  /** Where its home, socket and database are; the next server in the same folder takes up what is there. */
  readonly folder: TestFolder;
  readonly scope?: 'user' | 'system';
  /** omnid.toml's text. */
  readonly config?: string;
  /** Default: what rules would cover by default stays out, as others on this machine may run such things. */
  readonly defaultRules?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes, by exec, what stands behind it: `prlimit …`, `setpriv …`. */
  readonly prefix?: readonly string[];
  /** Who it runs as (where the test is root). */
  readonly uid?: number;
  /** Without `--socket` and `--database`: it finds its own. */
  readonly ownPaths?: boolean;
  /** Where its log goes instead of to the test; it is then ready when its socket answers. */
  readonly stderrFd?: number;
}

export function socketOf(folder: TestFolder): string {
  return folder.file('run/omnid.sock');
}

export function databaseOf(folder: TestFolder): string {
  return folder.file('state/omnid.db');
}

/**
 * The resource protector of every server that is started here touches nobody who does not carry this; each file of tests,
 * which has a process of its own, has its own. (`vitest.config.ts` sets the like for servers that are started otherwise. A
 * scenario in a virtual machine that means the whole machine says so.)
 */
const protectorRestriction = `OMNIMIND_TEST_CANDIDATE=${randomUUID()}`;

/** What a child is started with that the protector may touch. */
export const protectorCandidate: Readonly<Record<string, string>> = Object.fromEntries([
  protectorRestriction.split('=', 2) as [string, string],
]);

/** Where Node keeps what it compiled, where that is said: a machine that is emulated compiles for a second and more. */
const { NODE_COMPILE_CACHE } = process.env;
const compileCache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };

/** Nothing of the caller's home or settings. */
export function environmentOf(folder: TestFolder): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: folder.path,
    XDG_RUNTIME_DIR: folder.file('runtime'),
    XDG_STATE_HOME: folder.file('xdg-state'),
    XDG_CONFIG_HOME: folder.file('xdg-config'),
    XDG_CACHE_HOME: folder.file('cache'),
    ...compileCache,
    OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: protectorRestriction,
  };
}

/** Behind what the test says, so that lines keep their numbers. */
function configOf({ config, args, defaultRules = false }: OmnidOptions): string | undefined {
  if (defaultRules || args?.includes('--config') === true || config?.includes('[rules]') === true) return config;
  return `${config ?? ''}\n[rules]\ndefaults = false\n`;
}

/** Its command line; the configuration is written. */
export async function argumentsOf(options: OmnidOptions): Promise<string[]> {
  const { folder, scope, args = [], ownPaths = false } = options;
  const config = configOf(options);
  const configFile = folder.file('omnid.toml');
  if (config !== undefined) {
    await mkdir(dirname(configFile), { recursive: true });
    await writeFile(configFile, config);
  }
  return [
    ...(ownPaths ? [] : ['--socket', socketOf(folder), '--database', databaseOf(folder)]),
    ...(scope === undefined ? [] : ['--scope', scope]),
    ...(config === undefined ? [] : ['--config', configFile]),
    ...args,
  ];
}
