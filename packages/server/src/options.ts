import { parseArgs } from 'node:util';
import type { ServerScope } from '#protocol/server.ts';
import { readConfig, type Config } from './config.ts';
import { defaultPaths } from './paths.ts';

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export const usage = `usage: omnid [--config FILE] [--socket PATH] [--database PATH] [--scope user|system] [--log-level LEVEL]

The server of the OmniMind protector, in the foreground; its log is JSON on standard error.

  --config FILE       omnid.toml (default: the user's configuration folder; system: /etc/omnimind)
  --socket PATH       where it listens (default: OMNIMIND_SOCKET, then the scope's own)
  --database PATH     where it keeps leases and history (default: the scope's state folder)
  --scope user|system whom it serves: this user, or everybody (default: user)
  --log-level LEVEL   ${levels.join(', ')} (default: info)
  --version, --help
`;

/** What omnid was asked to do. */
export type Invocation =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'serve';
      readonly scope: ServerScope;
      readonly socket: string;
      readonly database: string;
      readonly config: Config;
      readonly logLevel: string;
    };

/** A mistake in the command line: exit status 2. */
export class UsageError extends Error {}

/**
 * Reads the command line, the environment and the configuration file.
 *
 * @throws UsageError, or an Error that names the configuration's wrong key and line
 */
export function readInvocation(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Invocation {
  const values = parse(args);
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const scope = oneOf('--scope', values.scope ?? 'user', ['user', 'system']) as ServerScope;
  const paths = defaultPaths(scope, environment);
  const fromEnvironment =
    scope === 'user' && environment['OMNIMIND_SOCKET'] !== '' ? environment['OMNIMIND_SOCKET'] : undefined;
  return {
    kind: 'serve',
    scope,
    socket: values.socket ?? fromEnvironment ?? paths.socket,
    database: values.database ?? paths.database,
    config: readConfig(values.config ?? paths.config, values.config !== undefined, {
      mode: environment['OMNIMIND_RESOURCE_PROTECTOR_MODE'],
      onlyEnvironment: environment['OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT'],
    }),
    logLevel: oneOf('--log-level', values['log-level'] ?? 'info', levels),
  };
}

interface Values {
  readonly config?: string;
  readonly socket?: string;
  readonly database?: string;
  readonly scope?: string;
  readonly 'log-level'?: string;
  readonly version?: boolean;
  readonly help?: boolean;
}

function parse(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' },
        socket: { type: 'string' },
        database: { type: 'string' },
        scope: { type: 'string' },
        'log-level': { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function oneOf(option: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new UsageError(`${option} is ${JSON.stringify(value)}, and must be one of ${allowed.join(', ')}`);
}
