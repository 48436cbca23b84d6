import type { SignalEvent } from '#protocol/history.ts';

/** An event without its two processes. */
export type CutEvent = Omit<SignalEvent, 'sender' | 'target'>;

/** An event, and its two processes still as JSON text. */
export interface CutRow {
  readonly event: CutEvent;
  readonly sender: string;
  readonly target: string;
}

const senderKey = ',"sender":';
const targetKey = ',"target":';
/** What may come after the target. */
const nextKeys = ['leaseId', 'requester', 'reason', 'termination', 'override', 'oom', 'kernel', 'exit', 'context'].map(
  (name) => `,"${name}":`,
);

/**
 * Parses a row but for its two processes, which are most of it, and the same in many rows.
 *
 * Inside a string of JSON a quote has a backslash before it, and after one that ends a string comes no letter: so `,"target":`
 * stands where a key begins, or nowhere. No process has such keys. A row that is written otherwise is parsed whole.
 *
 * @param row JSON of one SignalEvent
 */
export function cutRow(row: string): CutRow {
  const senderAt = row.indexOf(senderKey);
  const targetAt = senderAt < 0 ? -1 : row.indexOf(targetKey, senderAt);
  const end = targetAt < 0 ? -1 : endOfTarget(row, targetAt);
  if (end < 0) return parseWhole(row);
  const sender = row.slice(senderAt + senderKey.length, targetAt);
  const target = row.slice(targetAt + targetKey.length, end);
  if (!isWhole(sender) || !isWhole(target)) return parseWhole(row);
  return { event: JSON.parse(row.slice(0, senderAt) + row.slice(end)) as CutEvent, sender, target };
}

function endOfTarget(row: string, from: number): number {
  let end = -1;
  for (const key of nextKeys) {
    const at = row.indexOf(key, from);
    if (at >= 0 && (end < 0 || at < end)) end = at;
  }
  return end;
}

/** An object, or nothing: whatever else stood between the two keys would be another version's. */
function isWhole(process: string): boolean {
  return (process.startsWith('{"pid":') && process.endsWith('}')) || process === 'null';
}

function parseWhole(row: string): CutRow {
  const event = JSON.parse(row) as SignalEvent;
  return { event, sender: JSON.stringify(event.sender), target: JSON.stringify(event.target) };
}
