import { errorCodes, errorMeanings, type ErrorKind } from './errors.ts';
import { commonErrors, methods, notifications, type MethodSpec } from './methods.ts';
import { protocolVersion } from './version.ts';

interface Property {
  readonly [keyword: string]: unknown;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

/**
 * The protocol's document for other languages, made from the method table (OpenRPC 1.3). Notifications, which
 * OpenRPC has no place for, stand under `x-notifications`.
 *
 * @returns the document, as it is committed and as `rpc.discover` returns it
 */
export function makeOpenRpc(): object {
  return {
    openrpc: '1.3.2',
    info: {
      title: 'OmniMind protector',
      description: 'JSON-RPC 2.0, one message a line, over a Unix stream socket. See README.md beside this file.',
      version: `${String(protocolVersion)}.0.0`,
    },
    methods: Object.entries(methods).map(([name, spec]) => makeMethod(name, spec)),
    components: { errors: Object.fromEntries(kinds().map((kind) => [kind, makeError(kind)])) },
    'x-notifications': Object.entries(notifications).map(([name, { summary, params }]) => ({ name, summary, params })),
  };
}

function makeMethod(name: string, spec: MethodSpec): object {
  const { properties = {}, required = [] } = spec.params as ObjectSchema;
  return {
    name,
    summary: spec.summary,
    paramStructure: 'by-name',
    params: Object.entries(properties).map(([member, schema]) => ({
      name: member,
      required: required.includes(member),
      schema,
    })),
    result: { name: 'result', schema: spec.result },
    errors: [...spec.errors, ...commonErrors].map((kind) => ({ $ref: `#/components/errors/${kind}` })),
  };
}

function kinds(): ErrorKind[] {
  return Object.keys(errorCodes) as ErrorKind[];
}

function makeError(kind: ErrorKind): object {
  return { code: errorCodes[kind], message: errorMeanings[kind], data: { kind } };
}
