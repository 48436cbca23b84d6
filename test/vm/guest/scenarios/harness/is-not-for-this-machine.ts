import { NotHere } from '../../support/not-here.ts';

export async function run(): Promise<void> {
  await Promise.resolve();
  throw new NotHere('this machine has no such thing');
}
