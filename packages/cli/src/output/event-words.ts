import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { escapeText } from './escape.ts';

/** A process in a table: `python3[811]`. */
export function processWords(process: ProcessRef | null | undefined): string {
  if (process === null || process === undefined) return '-';
  return `${escapeText(process.comm)}[${String(process.pid)}]`;
}

/** Who did it: for a kill through the server whoever asked for it, not the server that sent it. */
export function senderWords(event: SignalEvent): string {
  return processWords(event.requester ?? event.sender);
}

/** How it went, and how its target ended where that is known: `delivered, killed`. */
export function outcomeWords({ outcome, termination }: SignalEvent): string {
  return termination === undefined || termination === outcome ? outcome : `${outcome}, ${termination}`;
}
