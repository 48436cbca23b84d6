import { Compile } from 'typebox/schema';
import { ProtocolError } from './errors.ts';
import { methods, type MethodName } from './methods.ts';

type Validator = ReturnType<typeof Compile>;
const compiled = new Map<MethodName, Validator>();

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
  const validator = validatorOf(method);
  if (validator.Check(value)) return value;
  throw new ProtocolError('invalidParams', `${method}: ${describe(validator, value)}`);
}

function describe(validator: Validator, value: unknown): string {
  const [, errors] = validator.Errors(value);
  for (const error of errors) {
    if (error.keyword === 'additionalProperties') {
      const extra: readonly string[] = error.params.additionalProperties;
      return `unknown member ${extra.map((name) => JSON.stringify(name)).join(', ')}`;
    }
  }
  const first = errors.find((error) => error.keyword !== 'boolean');
  if (first === undefined) return 'params do not fit the method';
  const member = first.instancePath === '' ? 'params' : first.instancePath.slice(1).replaceAll('/', '.');
  return `${member} ${first.message}`;
}
