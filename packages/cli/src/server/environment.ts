const kept = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ']);

/** What tells one command something; the server outlives it, and would tell it to every process it looks at. */
const ofOneCommand = new Set([
  'OMNIMIND_LEASE',
  'OMNIMIND_SOCKET',
  'OMNIMIND_DEV_SCRIPT_MODE',
  'OMNIMIND_SCRIPT_PID',
  'OMNIMIND_IGNORED_SIGNALS',
]);

/**
 * The environment of a server that is started by a command: what paths and the configuration depend on, and nothing
 * else of whoever happened to be first.
 */
export function serverEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && isKept(name)) clean[name] = value;
  }
  return clean;
}

function isKept(name: string): boolean {
  if (kept.has(name) || name.startsWith('XDG_')) return true;
  return name.startsWith('OMNIMIND_') && !ofOneCommand.has(name);
}
