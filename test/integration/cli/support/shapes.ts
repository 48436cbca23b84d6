import { Ajv, type ValidateFunction } from 'ajv';
import type { TSchema } from 'typebox';
import { expect } from 'vitest';

const ajv = new Ajv({ strict: false, allErrors: true });
const compiled = new Map<TSchema, ValidateFunction>();

/** Holds a document against a schema of the method table, by a validator that is not the product's own. */
export function expectShape(schema: TSchema, document: unknown): void {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  validate(document);
  expect(validate.errors ?? []).toEqual([]);
}
