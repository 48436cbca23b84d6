import { Type, type Static } from 'typebox';
import { LeaseId, Pid, Signal } from './scalars.ts';

/** The rule that decided, in the design's order; programs branch on it. */
export const VerdictRule = Type.Enum([
  'processNotFound',
  'identityMismatch',
  'systemProcess',
  'outsideScope',
  'harmlessSignal',
  'ownTree',
  'lease',
  'protectionRule',
  'unprotected',
  'override',
]);
export type VerdictRule = Static<typeof VerdictRule>;

/** May this sender send this signal to this process? */
export const Verdict = Type.Object(
  {
    pid: Pid,
    signal: Signal,
    allow: Type.Boolean(),
    rule: VerdictRule,
    reason: Type.String(),
    leaseId: Type.Optional(LeaseId),
  },
  { additionalProperties: false },
);
export type Verdict = Static<typeof Verdict>;
