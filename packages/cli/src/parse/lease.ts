import { leaseIdPattern } from '#protocol/bounds.ts';
import { UsageError } from '../errors.ts';

const leaseId = new RegExp(leaseIdPattern);

/** Reads the id of a lease. @throws UsageError where it cannot be one */
export function leaseOption(text: string): string {
  if (leaseId.test(text)) return text;
  throw new UsageError(`'${text}' is no lease: write an id as register prints it and 'omnictl list' shows it, ls-…`);
}
