import { Type } from 'typebox';
import { bounds, leaseIdPattern } from './bounds.ts';

/** The small schemas that the shapes are made of. */
export const Pid = Type.Integer({ minimum: 1, maximum: bounds.pidMax, description: 'process id, as the server sees it' });

export const Uid = Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, description: 'user id' });

export const Signal = Type.Integer({ minimum: 0, maximum: bounds.signalMax, description: 'signal number, signal(7)' });

/** Unsigned 64-bit numbers travel as decimal strings: JSON's numbers are exact to 2^53 alone. */
export const Decimal = Type.String({ pattern: '^[0-9]{1,20}$', description: 'unsigned integer in decimal digits' });

export const Timestamp = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  description: 'ISO 8601, UTC, with milliseconds',
});

export const NullableTimestamp = Type.Union([Timestamp, Type.Null()]);

export const Milliseconds = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

export const NullableMilliseconds = Type.Union([Milliseconds, Type.Null()]);

export const LeaseId = Type.String({ pattern: leaseIdPattern, description: 'opaque lease id' });

export const SubscriptionId = Type.String({ minLength: 1, maxLength: 64 });

export const Cursor = Type.String({ minLength: 1, maxLength: 256, description: 'opaque; from nextCursor of the page before' });

export const PageRows = Type.Integer({ minimum: 1, maximum: bounds.pageRowsMax });

export const NullableText = Type.Union([Type.String(), Type.Null()]);

export const Label = Type.String({ maxLength: bounds.labelCharsMax });

export const Reason = Type.String({ maxLength: bounds.reasonCharsMax });
