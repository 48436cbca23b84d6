import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { MethodName } from '#protocol/methods.ts';
import { validateParams } from '#protocol/validate.ts';

interface Document {
  readonly methods: readonly {
    readonly name: MethodName;
    readonly paramStructure: string;
    readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: object }[];
    readonly result: { readonly schema: object };
    readonly errors: readonly { readonly $ref: string }[];
  }[];
  readonly components: { readonly errors: Readonly<Record<string, { readonly code: number }>> };
  readonly 'x-notifications': readonly { readonly name: string; readonly params: object }[];
}

interface ErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly kind: string };
}

interface Notice {
  readonly jsonrpc: string;
  readonly method: string;
  readonly params: object;
}

interface Example {
  readonly method: string;
  readonly exchanges: readonly {
    readonly name: string;
    readonly request: { readonly jsonrpc: string; readonly id: number; readonly method: string; readonly params?: object };
    readonly response: {
      readonly jsonrpc: string;
      readonly id: number;
      readonly result?: unknown;
      readonly error?: ErrorObject;
    };
    readonly notifications?: readonly Notice[];
  }[];
}

const root = join(import.meta.dirname, '..', '..', '..');
const folder = join(root, 'protocol', 'examples');
const document = JSON.parse(readFileSync(join(root, 'protocol', 'openrpc.json'), 'utf8')) as Document;

/** A validator that shares no code with the server's. */
const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });

/** Errors that only a broken disk or kernel gives. */
const notShown = new Set(['storeUnavailable', 'signalFailed']);
/** Errors of the message itself, before any method is asked: no method lists them. */
const common = new Set(['invalidParams', 'internalError', 'shuttingDown', 'overloaded']);

const notifications = new Map(document['x-notifications'].map(({ name, params }) => [name, ajv.compile(params)]));

function readExample(method: string): Example {
  return JSON.parse(readFileSync(join(folder, `${method}.json`), 'utf8')) as Example;
}

/** Params by name: each member by its schema, and no other. */
function compileParams({ params }: Document['methods'][number]): ValidateFunction {
  return ajv.compile({
    type: 'object',
    properties: Object.fromEntries(params.map(({ name, schema }) => [name, schema])),
    required: params.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  });
}

function serverTakes(method: MethodName, params: unknown): boolean {
  try {
    validateParams(method, params);
    return true;
  } catch {
    return false;
  }
}

function expectValid(validate: ValidateFunction, value: unknown): void {
  expect(validate(value), JSON.stringify(validate.errors, null, 2)).toBe(true);
}

function expectKnown({ code, message, data }: ErrorObject, kinds: readonly string[]): void {
  expect(message).not.toBe('');
  expect(kinds).toContain(data.kind);
  expect(document.components.errors[data.kind]?.code).toBe(code);
}

function expectNotification({ jsonrpc, method, params }: Notice): void {
  expect(jsonrpc).toBe('2.0');
  const validate = notifications.get(method);
  if (validate === undefined) throw new Error(`no notification ${method} in the document`);
  expectValid(validate, params);
}

it('is there for every method, and for nothing else', () => {
  expect(readdirSync(folder).toSorted()).toEqual(document.methods.map(({ name }) => `${name}.json`).toSorted());
});

it('says nothing of the machine that it was recorded on', () => {
  for (const { name } of document.methods) {
    const text = readFileSync(join(folder, `${name}.json`), 'utf8');
    expect(text).not.toContain(root);
    expect(text).not.toMatch(/\/(root|tmp|var\/tmp|proc\/\d+)\//);
  }
});

describe.each(document.methods)('$name', (method) => {
  const example = readExample(method.name);
  const validate = compileParams(method);
  const validateResult = ajv.compile(method.result.schema);
  const kinds = method.errors.map(({ $ref }) => $ref.replace('#/components/errors/', ''));

  it('has an example that succeeds, and one of each error of its own', () => {
    expect(example.method).toBe(method.name);
    expect(method.paramStructure).toBe('by-name');
    expect(example.exchanges.some(({ response }) => response.result !== undefined)).toBe(true);
    const shown = new Set(example.exchanges.map(({ response }) => response.error?.data.kind));
    const own = kinds.filter((kind) => !common.has(kind) && !notShown.has(kind));
    expect(own.filter((kind) => !shown.has(kind))).toEqual([]);
  });

  it.each(example.exchanges)('$name', ({ request, response, notifications: told = [] }) => {
    expect(request).toMatchObject({ jsonrpc: '2.0', method: method.name });
    expect(serverTakes(method.name, request.params)).toBe(validate(request.params ?? {}));
    // invalidParams also answers what no schema says: two members of which one is wanted, a cursor of ours.
    if (response.error?.data.kind !== 'invalidParams') expectValid(validate, request.params ?? {});

    expect(response).toMatchObject({ jsonrpc: '2.0', id: request.id });
    expect(Object.keys(response)).toHaveLength(3);
    if (response.error === undefined) expectValid(validateResult, response.result);
    else expectKnown(response.error, kinds);
    for (const notice of told) expectNotification(notice);
  });
});

it('shows every notification', () => {
  const shown = document.methods.flatMap(({ name }) =>
    readExample(name).exchanges.flatMap(({ notifications: told = [] }) => told.map((notice) => notice.method)),
  );
  expect([...new Set(shown)].toSorted()).toEqual([...notifications.keys()].toSorted());
});

it('belongs to a document that is what the method table gives', () => {
  const { status, stderr } = spawnSync(process.execPath, ['packages/protocol/generate.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
