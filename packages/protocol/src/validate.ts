import { Compile } from 'typebox/schema';
import { ProtocolError } from './errors.ts';
import { methods, type MethodName } from './methods.ts';

type Validator = ReturnType<typeof Compile>;
const compiled = new Map<MethodName, Validator>();

/** An error names so many unknown members, and so much of each: it must fit a frame whatever came in. */
const namesMax = 4;
const nameCharsMax = 64;

/** Compiles on first use: a server that is never asked a method does not pay for it. */
function validatorOf(method: MethodName): Validator {
  let validator = compiled.get(method);
  if (validator === undefined) {
    validator = Compile(methods[method].params);
    compiled.set(method, validator);
  }
  return validator;
}

/**
 * Holds the params of a call against the method table.
 *
 * @param method the method that was called
 * @param params what came in the message; absent params are an empty object
 * @returns the params, unchanged
 * @throws ProtocolError invalidParams, naming the member that is unknown, missing or wrong
 */
export function validateParams(method: MethodName, params: unknown): unknown {
  const value = params ?? {};
  if (Array.isArray(value)) {
    throw new ProtocolError('invalidParams', `${method} takes params by name (an object), not by position`);
  }
  const excess = findExcess(method, value);
  if (excess !== undefined) throw new ProtocolError('invalidParams', `${method}: ${excess}`);
  const validator = validatorOf(method);
  if (validator.Check(value)) return value;
  throw new ProtocolError('invalidParams', `${method}: ${describe(validator, value)}`);
}

interface Sizes {
  readonly properties?: Readonly<Record<string, { readonly maxItems?: number } | undefined>>;
}

/**
 * Looks for more than there may be, before the validator does: to say what is wrong, that compares the items of a
 * list each with each other, and a frame has room for half a million.
 */
function findExcess(method: MethodName, value: object): string | undefined {
  const { properties = {} } = methods[method].params as Sizes;
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(properties, name));
  if (unknown.length > 0) return unknownMembers(unknown);
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const { maxItems = Infinity } = properties[name] ?? {};
    if (Array.isArray(member) && member.length > maxItems) return `${name} must not have more than ${String(maxItems)} items`;
  }
  return undefined;
}

function unknownMembers(names: readonly string[]): string {
  const shown = names
    .slice(0, namesMax)
    .map((name) => JSON.stringify(name.length > nameCharsMax ? `${name.slice(0, nameCharsMax)}…` : name));
  const more = names.length > namesMax ? ` and ${String(names.length - namesMax)} more` : '';
  return `unknown member ${shown.join(', ')}${more}`;
}

function describe(validator: Validator, value: unknown): string {
  const [, errors] = validator.Errors(value);
  for (const error of errors) {
    if (error.keyword === 'additionalProperties') return unknownMembers(error.params.additionalProperties);
  }
  const first = errors.find((error) => error.keyword !== 'boolean');
  if (first === undefined) return 'params do not fit the method';
  const member = first.instancePath === '' ? 'params' : first.instancePath.slice(1).replaceAll('/', '.');
  return `${member} ${first.message}`;
}
