import type { EventOutcome } from '#protocol/history.ts';
import { clock, monotonicNs } from '../machine.ts';
import { momentContext } from '../moment.ts';
import type { NewEvent } from './event-rows.ts';

/** What the server says about its own history: how many rows are gone, and why. */
export function serverEvent(outcome: Extract<EventOutcome, 'pruned' | 'dropped'>, count: number, reason: string): NewEvent {
  return {
    firstWallMs: clock.wallMs(),
    monotonicNs: monotonicNs(),
    source: 'server',
    signal: null,
    code: null,
    outcome,
    count,
    sender: null,
    target: null,
    reason,
    context: momentContext(),
  };
}
