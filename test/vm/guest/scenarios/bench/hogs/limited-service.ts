import { compare } from '../../../support/contest/compare.ts';

export const run = (): Promise<void> => compare('limitedService');
