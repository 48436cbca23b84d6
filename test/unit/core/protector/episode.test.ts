import { expect, it } from 'vitest';
import { Episode } from '#core/protector/episode.ts';

const graceMs = 5000;

it('picks nobody while nobody has to end', () => {
  const episode = new Episode(graceMs);
  for (const level of ['well', 'tell', 'throttle'] as const) expect(episode.next(0, level, false)).toBe('wait');
  expect(episode.next(0, 'end', false)).toBe('pick');
});

it('picks nobody else before the victim has exited', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  expect(episode.next(100, 'end', true)).toBe('wait');
  expect(episode.next(200, 'end', false)).toBe('ended');
  // A moment, in which the machine shows what became free.
  expect(episode.next(210, 'end', false)).toBe('wait');
  expect(episode.next(230, 'end', false)).toBe('pick');
});

it('kills after the grace, and not before', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  expect(episode.next(graceMs - 1, 'end', true)).toBe('wait');
  expect(episode.next(graceMs, 'end', true)).toBe('kill');
  episode.killed(graceMs);
  expect(episode.next(graceMs + 10, 'end', true)).toBe('wait');
  expect(episode.next(graceMs + 20, 'end', false)).toBe('ended');
});

it('spares who was asked where the machine has recovered by the end of the grace', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  expect(episode.next(graceMs, 'well', true)).toBe('spared');
  expect(episode.next(graceMs + 1000, 'well', true)).toBe('wait');
  expect(episode.isActive).toBe(false);
});

it('waits on where the end is far again, but the machine has not recovered', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  expect(episode.next(graceMs, 'throttle', true)).toBe('wait');
  expect(episode.next(graceMs + 1000, 'end', true)).toBe('kill');
});

it('does not wait for the grace where memory does not', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  expect(episode.next(20, 'kill', true)).toBe('kill');
});

it('gives up a victim that SIGKILL does not end, and picks another', () => {
  const episode = new Episode(graceMs);
  episode.asked(0);
  episode.killed(100);
  expect(episode.next(5099, 'kill', true)).toBe('wait');
  expect(episode.next(5100, 'kill', true)).toBe('stuck');
  expect(episode.next(5200, 'kill', true)).toBe('pick');
});
