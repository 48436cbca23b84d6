import type { Logger } from 'pino';
import type { ServerScope } from '#protocol/server.ts';
import type { Config } from './config.ts';

export interface ServerOptions {
  readonly scope: ServerScope;
  readonly socket: string;
  readonly database: string;
  readonly config: Config;
  readonly log: Logger;
  /** Called where a per-user server has had nothing to do for long enough. */
  readonly onIdle: () => void;
}

/** A per-user server serves its own user alone. */
export function servedUid({ scope }: ServerOptions): number | undefined {
  return scope === 'user' ? process.getuid?.() : undefined;
}
