import { envFile } from './env-file.ts';
import type { IsolationMode } from './modes.ts';
import { pythonFile } from './python-file.ts';
import { rulesFile } from './rules-file.ts';
import { seal } from './seal.ts';

/** The names of what isolate writes. */
export const projectFileNames = ['.env.resource_config', 'resource_isolation_config.py', 'omnid-rules.toml'] as const;

/** What isolate writes into a project's folder: names and whole texts. */
export function projectFiles(mode: IsolationMode): ReadonlyMap<string, string> {
  const texts: Readonly<Record<(typeof projectFileNames)[number], string>> = {
    '.env.resource_config': envFile(mode),
    'resource_isolation_config.py': pythonFile(mode),
    'omnid-rules.toml': rulesFile(),
  };
  return new Map(projectFileNames.map((name) => [name, seal(`isolate ${mode}`, texts[name])]));
}
