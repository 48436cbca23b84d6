import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from making more room for young objects. It would take 100 MB for an export, of which all but a page is garbage;
 * rows live too shortly for that to save it any work.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
