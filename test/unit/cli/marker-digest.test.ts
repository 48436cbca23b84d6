import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { markerDigest } from '#cli/run/marker-digest.ts';

test.each([0, 1, 43, 55, 56, 63, 64, 119, 120, 128])('is the SHA-256 that the server keeps: %i characters', (length) => {
  const marker = 'aZ0_-9'.repeat(22).slice(0, length);
  expect(markerDigest(marker)).toBe(hash('sha256', marker, 'base64url'));
});
