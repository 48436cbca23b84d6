import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { layouts } from '#linux/sentinel/layout.ts';
import { objectFile } from '#linux/sentinel/object.ts';
import { readBtfStructs } from '#test/unit/linux/sentinel/btf.ts';

const inObject = readBtfStructs(readFileSync(objectFile));

describe('layout.ts says what the compiler made of events.h', () => {
  it.each(Object.entries(layouts))('struct %s', (name, layout) => {
    expect(layout).toEqual(inObject.get(name));
  });
});

describe('structures without holes, for they are copied whole', () => {
  it.each(Object.entries(layouts))('struct %s has its members at ascending offsets', (_name, { size, members }) => {
    const offsets: readonly number[] = Object.values(members);
    expect(offsets.toSorted((a, b) => a - b)).toEqual(offsets);
    expect(Math.max(...offsets)).toBeLessThan(size);
  });
});
