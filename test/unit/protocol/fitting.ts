import fc from 'fast-check';

/** The parts of JSON Schema that the method table uses. */
interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** More would only make the values larger. */
const itemsMax = 3;
const charsMax = 12;

/** Values that a schema accepts. */
export function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.type === undefined) throw new Error(`no values are known for ${JSON.stringify(schema)}`);
  return makers[schema.type](schema);
}

const makers: Readonly<Record<NonNullable<Schema['type']>, (schema: Schema) => fc.Arbitrary<unknown>>> = {
  object: anObject,
  array: anArray,
  string: aString,
  integer: ({ minimum = -1000, maximum = Number.MAX_SAFE_INTEGER }) => fc.integer({ min: minimum, max: maximum }),
  number: ({ minimum = -1000, maximum = 1e9 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
};

function anObject({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fitting(schema)]));
  return fc.record(members, { requiredKeys: [...required], noNullPrototype: true });
}

function anArray({ items = {}, minItems = 0, maxItems = itemsMax, uniqueItems = false }: Schema): fc.Arbitrary<unknown> {
  const bounds = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, itemsMax)) };
  return uniqueItems ? fc.uniqueArray(fitting(items), bounds) : fc.array(fitting(items), bounds);
}

function aString({ pattern, minLength = 0, maxLength = charsMax }: Schema): fc.Arbitrary<unknown> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, charsMax)) });
}

/** Values of every kind that JSON has. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 53, '', 'x', [], {}),
  fc.integer(),
  fc.string({ maxLength: 8 }),
  fc.jsonValue({ maxDepth: 1 }),
);
