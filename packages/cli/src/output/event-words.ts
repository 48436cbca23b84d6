import { basename } from 'node:path';
import type { ProcessRef, SignalEvent } from '#protocol/history.ts';
import { escapeText } from './escape.ts';

/** A process in a table: `python3[811]`. */
export function processWords(process: ProcessRef | null | undefined): string {
  if (process === null || process === undefined) return '-';
  return nameWords({ pid: process.pid, comm: commWords(process) });
}

/** Node names its main thread so, and with it every program that it runs. */
const nodesThread = 'MainThread';

/** What `ps` would call it; for a program of Node's the program and its script: `node backend.js`. */
function commWords({ comm, exe, cmdline }: ProcessRef): string {
  const [first, script] = (cmdline ?? '').split(' ');
  const program = exe ?? first;
  if (comm !== nodesThread || program === undefined || program === '') return comm;
  const isScript = script !== undefined && script !== '' && !script.startsWith('-');
  return isScript ? `${basename(program)} ${basename(script)}` : basename(program);
}

function nameWords({ comm, pid }: { readonly comm: string; readonly pid: number }): string {
  return comm === '' ? String(pid) : `${escapeText(comm)}[${String(pid)}]`;
}

/**
 * Who did it: for a kill through the server whoever asked for it, not the server that sent it. omnictl asks for others:
 * its parent stands beside it.
 */
export function senderWords(event: SignalEvent): string {
  const process = event.requester ?? event.sender;
  const parent = process?.comm === 'omnictl' ? process.ancestry[0] : undefined;
  return parent === undefined ? processWords(process) : `${processWords(process)} < ${nameWords(parent)}`;
}

/**
 * Who did it, and whose child that is: `kill[4711] < bash[811] < code[700]`.
 *
 * @param generations ancestors at most
 */
export function lineageWords(process: ProcessRef, generations: number): string {
  return [processWords(process), ...process.ancestry.slice(0, generations).map(nameWords)].join(' < ');
}

/** How it went, and how its target ended where that is known: `delivered, killed`. */
export function outcomeWords({ outcome, termination }: SignalEvent): string {
  return termination === undefined || termination === outcome ? outcome : `${outcome}, ${termination}`;
}
