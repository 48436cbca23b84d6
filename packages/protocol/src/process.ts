import { Type, type Static } from 'typebox';
import { bounds } from './bounds.ts';
import { TerminationOutcome } from './history.ts';
import { Decimal, Pid, Reason } from './scalars.ts';
import { Verdict } from './verdict.ts';

export const TerminateParams = Type.Object(
  {
    pid: Pid,
    startTicks: Type.Optional(Decimal),
    pidfdId: Type.Optional(Decimal),
    signal: Type.Optional(Type.Integer({ minimum: 1, maximum: bounds.signalMax, description: 'default: 15 (SIGTERM)' })),
    graceMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: bounds.graceMsMax, description: 'how long the process has to end by itself' }),
    ),
    escalate: Type.Optional(
      Type.Boolean({ description: 'SIGKILL after the grace; default: true for HUP, INT, QUIT and TERM, false for others' }),
    ),
    reason: Type.Optional(Reason),
    override: Type.Optional(Type.Boolean({ description: 'pass over the leases of the caller (root: any), and rules' })),
  },
  { additionalProperties: false },
);
export type TerminateParams = Static<typeof TerminateParams>;

export const TerminateResult = Type.Object({ outcome: TerminationOutcome, verdict: Verdict }, { additionalProperties: false });
export type TerminateResult = Static<typeof TerminateResult>;
