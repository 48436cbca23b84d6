import { execFileSync } from 'node:child_process';

/** The machine's swap is on or off for as long as this is held; it is left on. */
export function swap(isOn: boolean): Disposable {
  if (!isOn) execFileSync('swapoff', ['-a']);
  return {
    [Symbol.dispose]: () => {
      if (!isOn) execFileSync('swapon', ['/dev/vdb']);
    },
  };
}
