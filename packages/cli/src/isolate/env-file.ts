import { devScriptNice, devScriptPatterns, type IsolationMode } from './modes.ts';

/** The text of `.env.resource_config`: assignments that any POSIX shell can source, exported. */
export function envFile(mode: IsolationMode): string {
  const values: readonly (readonly [name: string, value: string, about: string])[] = [
    ['OMNIMIND_RESOURCE_PROTECTOR_MODE', mode, 'Which limits hold: dev, test or prod.'],
    ['OMNIMIND_DEV_PATTERNS', devScriptPatterns.join('|'), 'Processes that are never killed, by their command line.'],
    ['OMNIMIND_ENABLE_DEV_ISOLATION', 'true', 'Those processes are told from all others.'],
    ['OMNIMIND_DEV_SCRIPT_NICE', String(devScriptNice), 'Their priority: the editor and the backend come first.'],
    ['OMNIMIND_PROTECT_FROM_SIGKILL', 'true', 'They are sent no SIGKILL.'],
    ['OMNIMIND_ALLOW_DAEMON_SELF_HEAL', 'true', 'The backend still repairs, and restarts, its services.'],
  ];
  const lines = values.map(([name, value, about]) => `\n# ${about}\nexport ${name}=${quoted(value)}\n`);
  return `# Source it: . ./.env.resource_config\n${lines.join('')}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
