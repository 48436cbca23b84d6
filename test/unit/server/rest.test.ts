import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rest } from '#server/rest.ts';

describe('a rest', () => {
  const begin = vi.fn();
  let rest: Rest;

  beforeEach(() => {
    vi.useFakeTimers();
    begin.mockClear();
    rest = new Rest({ afterMs: 1000, againMs: 60_000, begin });
  });

  afterEach(() => {
    rest.close();
    vi.useRealTimers();
  });

  it('begins when nobody has asked for a while, and not while somebody does', () => {
    for (let second = 0; second < 10; second += 1) {
      rest.stir();
      vi.advanceTimersByTime(900);
    }
    expect(begin).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2000);
    expect(begin).toHaveBeenCalledTimes(1);
  });

  it('begins anew now and then, and after whoever asked meanwhile', () => {
    rest.stir();
    vi.advanceTimersByTime(2000);
    vi.advanceTimersByTime(120_000);
    expect(begin).toHaveBeenCalledTimes(3);
    rest.stir();
    vi.advanceTimersByTime(900);
    expect(begin).toHaveBeenCalledTimes(3);
    vi.advanceTimersByTime(1100);
    expect(begin).toHaveBeenCalledTimes(4);
  });

  it('never begins after its end', () => {
    rest.stir();
    rest.close();
    rest.stir();
    vi.advanceTimersByTime(200_000);
    expect(begin).not.toHaveBeenCalled();
  });
});
