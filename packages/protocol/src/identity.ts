import { Type, type Static } from 'typebox';
import { Decimal, Pid } from './scalars.ts';

/** Which process, for certain: never a bare pid. `pidfdId` is the pidfd's inode, unique for a boot, from Linux 6.9. */
export const ProcessIdentity = Type.Object(
  {
    pid: Pid,
    startTicks: Decimal,
    bootId: Type.String({ minLength: 1, maxLength: 64 }),
    pidfdId: Type.Optional(Decimal),
  },
  { additionalProperties: false },
);
export type ProcessIdentity = Static<typeof ProcessIdentity>;

/** What a caller may say of a process; whatever it leaves out is not compared. */
export const ProcessClaim = Type.Object(
  {
    pid: Pid,
    startTicks: Type.Optional(Decimal),
    bootId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    pidfdId: Type.Optional(Decimal),
  },
  { additionalProperties: false },
);
export type ProcessClaim = Static<typeof ProcessClaim>;
