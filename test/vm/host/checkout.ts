import { join } from 'node:path';

/** The checkout's folder. */
export const checkout: string = join(import.meta.dirname, '../../..');

/** Where it lies in the guest. */
export const guestCheckout = 'omnimind';

/** What runs in the guest: the agent and the scenarios. */
export const guestFolder: string = join(checkout, 'test/vm/guest');
