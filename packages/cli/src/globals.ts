/** What every verb takes, before or after its name. */
export interface Globals {
  /** --socket; undefined: as the client looks for one, OMNIMIND_SOCKET included. */
  readonly socket: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
  /** Whether `register` and `run` may start a server. */
  readonly spawn: boolean;
}

export const globalDefaults: Globals = { socket: undefined, json: false, quiet: false, color: true, spawn: true };

/** NO_COLOR (no-color.org) and dumb terminals have no colours, whatever the command line says. */
export function withEnvironment(globals: Globals, env: NodeJS.ProcessEnv): Globals {
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  return noColor || env['TERM'] === 'dumb' ? { ...globals, color: false } : globals;
}
