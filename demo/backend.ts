/**
 * The backend of the story, whose auto-repair frees memory by killing what is heaviest. It looks at the processes that
 * it is given, the demo's own children, and at no other; it holds each by a pidfd from the start.
 *
 *   backend.ts rogue PID:START...    SIGTERM, two seconds, SIGKILL
 *   backend.ts asking PID:START...   asks the protector first, and has it do the killing
 */
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '#client/index.ts';
import { pageSizeBytes } from '#linux/clock.ts';
import { takeIdentity } from '#linux/identity.ts';
import type { Pidfd } from '#linux/pidfd.ts';
import { readStat } from '#linux/proc-stat.ts';

interface Candidate {
  readonly pid: number;
  readonly startTicks: string;
  readonly pidfd: Pidfd;
  readonly bytes: number;
}

const SIGTERM = 15;
const SIGKILL = 9;

function say(text: string): void {
  process.stdout.write(`  [backend] ${text}\n`);
}

function megabytes(bytes: number): string {
  return `${String(Math.round(bytes / 1e6))} MB`;
}

/** Holds a process of the list; the start time tells that the pid has not passed to another since. */
function hold(argument: string): Candidate {
  const [pid, startTicks] = argument.split(':');
  const taken = takeIdentity(Number(pid));
  if (taken === undefined || taken.identity.startTicks !== startTicks) throw new Error(`pid ${argument} is gone`);
  const bytes = (readStat(taken.identity.pid)?.rssPages ?? 0) * pageSizeBytes;
  return { pid: taken.identity.pid, startTicks, pidfd: taken.pidfd, bytes };
}

async function killHeaviest(victim: Candidate): Promise<void> {
  say(`memory is over my limit; the heaviest is pid ${String(victim.pid)} with ${megabytes(victim.bytes)}: SIGTERM`);
  victim.pidfd.sendSignal(SIGTERM);
  await wait(2000);
  if (!victim.pidfd.alive()) return;
  say(`pid ${String(victim.pid)} is still there after 2 s: SIGKILL`);
  victim.pidfd.sendSignal(SIGKILL);
}

async function askFirst(candidates: readonly Candidate[]): Promise<void> {
  await using client = await connect();
  for (const { pid, startTicks, bytes } of candidates) {
    const [verdict] = await client.call('protection.check', { identities: [{ pid, startTicks }], signal: SIGKILL });
    say(
      `memory is over my limit; may I kill pid ${String(pid)} with ${megabytes(bytes)}? ${verdict?.allow === true ? 'yes' : 'no'}: ${verdict?.reason ?? ''}`,
    );
    if (verdict?.allow !== true) continue;
    const result = await client.call('process.terminate', { pid, startTicks, graceMs: 1000, reason: 'memory over the limit' });
    say(`process.terminate pid ${String(pid)}: ${result.outcome}`);
    return;
  }
  say('nothing that I may kill');
}

const [mode, ...listed] = process.argv.slice(2);
const candidates = listed.map(hold).sort((a, b) => b.bytes - a.bytes);
const [heaviest] = candidates;
if (heaviest === undefined) throw new Error('no candidates were given');
await (mode === 'rogue' ? killHeaviest(heaviest) : askFirst(candidates));
for (const { pidfd } of candidates) pidfd.close();
