import { Ajv } from 'ajv';
import fc from 'fast-check';
import { Compile } from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '#protocol/errors.ts';
import { commonErrors, methods, notifications, type MethodSpec } from '#protocol/methods.ts';
import { anyJson, fitting } from './fitting.ts';

const ajv = new Ajv({ strict: true, allErrors: false, validateFormats: false, allowUnionTypes: true });

const specs: readonly (readonly [string, MethodSpec])[] = Object.entries(methods);
const schemas: readonly (readonly [string, object])[] = [
  ...specs.flatMap(([name, { params, result }]) => [[`${name} params`, params] as const, [`${name} result`, result] as const]),
  ...Object.entries(notifications).map(([name, { params }]) => [`${name} params`, params] as const),
];

describe.each(schemas)('%s', (_, schema) => {
  const typebox = Compile(schema);
  const independent = ajv.compile(schema);

  test('what is made to fit, both accept', () => {
    fc.assert(
      fc.property(fitting(schema), (value) => {
        expect(typebox.Check(value), JSON.stringify(value)).toBe(true);
        expect(independent(value), JSON.stringify(independent.errors)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('what is spoiled in one place, both judge alike', () => {
    fc.assert(
      fc.property(fitting(schema), fc.nat(30), anyJson, (value, place, other) => {
        const spoiled = spoil(value, place, other);
        expect(independent(spoiled), JSON.stringify(spoiled)).toBe(typebox.Check(spoiled));
      }),
      { numRuns: 60 },
    );
  });
});

/** Puts another value at some place of a value, or a member that it does not have. */
function spoil(value: unknown, place: number, other: unknown): unknown {
  if (typeof value !== 'object' || value === null) return other;
  const names = [...Object.keys(value), 'unknown'];
  const name = names[place % names.length]!;
  const deeper = Math.floor(place / names.length);
  const inside: unknown = (value as Record<string, unknown>)[name];
  const changed = deeper > 0 && typeof inside === 'object' ? spoil(inside, deeper - 1, other) : other;
  return Array.isArray(value) ? [...(value as unknown[]), other] : { ...value, [name]: changed };
}

test.each(specs)('%s says what it does, takes an object and no more than it names, and knows its errors', (_, spec) => {
  expect(spec.summary).toMatch(/\.$/);
  expect(spec.params).toMatchObject({ type: 'object', additionalProperties: false });
  for (const kind of [...spec.errors, ...commonErrors]) expect(errorCodes).toHaveProperty(kind);
  expect(new Set([...spec.errors, ...commonErrors]).size).toBe(spec.errors.length + commonErrors.length);
});

test('every array in params has a bound', () => {
  for (const [name, { params }] of specs) {
    for (const [member, schema] of Object.entries(
      (params as { properties?: Record<string, { type?: string; maxItems?: number }> }).properties ?? {},
    )) {
      if (schema.type === 'array') expect(schema.maxItems, `${name} ${member}`).toBeGreaterThan(0);
    }
  }
});
