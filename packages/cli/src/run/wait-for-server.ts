import type { Output } from '../output/output.ts';
import { progress } from '../output/progress.ts';

/** Tells what a command is held for. It ends when the command begins. */
export function waitForServer(output: Output): Disposable {
  return progress(output, () => 'waits for the server to protect the command');
}
