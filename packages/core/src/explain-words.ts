import type { Cause, Ending, Explanation } from '#protocol/explanation.ts';
import type { OomKill, ProcessRef, SignalEvent } from '#protocol/history.ts';
import { nsOf, wasSent } from './explain-cause.ts';
import { signalExitBase } from './explain-child.ts';
import type { ExplainTerms } from './explain-facts.ts';
import { nameOf, nameOfSender } from './explain-names.ts';
import { memoryWords, spanWords } from './explain-units.ts';

/** What the sentence is made of. */
export interface Told {
  readonly terms: ExplainTerms;
  readonly pid: number | null;
  readonly process: ProcessRef | null;
  readonly ending: Ending;
  readonly cause: Cause;
  readonly child?: Explanation['child'];
  readonly oom?: OomKill | undefined;
  /** Signals before the end, oldest first. */
  readonly before: readonly SignalEvent[];
  readonly refused: Explanation['refused'];
  /** It is there, and does nothing: the signal that stopped it, where that is known. */
  readonly stopped?: { readonly event: SignalEvent | undefined } | undefined;
}

const faultWords: Readonly<Record<number, string>> = {
  4: 'an instruction that the processor does not know',
  5: 'a breakpoint that no debugger took',
  7: 'memory that is not there (a file that was cut short, broken hardware)',
  8: 'arithmetic that has no result',
  11: 'an access to memory that is not its own',
  31: 'a system call that a filter forbids (seccomp)',
};

/** The answer, in one sentence. */
export function answerOf(told: Told): string {
  const { ending, process, pid } = told;
  const subject = nameOf(process, pid);
  switch (ending.kind) {
    case 'running':
      return `${subject} ${runningWords(told)}`;
    case 'unseen':
      return pid === null
        ? 'no death is recorded'
        : `${subject} was never seen: no process has this pid, and the history knows none`;
    case 'lost':
      return `${subject} was lost with the machine's reboot: its lease was active until then`;
    case 'exited':
      return `${subject} ${exitWords(told)}`;
    case 'signaled':
      return `${subject} ${signalWords(told)}`;
    case 'gone':
      return `${subject} ${goneWords(told)}`;
  }
}

function runningWords({ refused, stopped }: Told): string {
  const state = stopped === undefined ? 'is still running' : stoppedWords(stopped.event);
  const last = refused.events.at(-1);
  if (last === undefined) return state;
  const tries =
    refused.count === 1 ? 'a try to end it was refused' : `${String(refused.count)} tries to end it were refused, the last`;
  return `${state}; ${tries}: ${nameOfSignal(last)} from ${senderOf(last)}`;
}

function stoppedWords(event: SignalEvent | undefined): string {
  return `is stopped, and not dead${event === undefined ? '' : `: ${nameOfSignal(event)} from ${senderOf(event)}`}`;
}

function exitWords({ terms, ending, cause, child }: Told): string {
  const code = ending.exitCode ?? 0;
  const exited = `exited with code ${String(code)}`;
  if (child !== undefined) {
    const told = { ...child, terms, pid: child.process.pid, before: [], refused: { count: 0, events: [] } };
    return `${exited}, as a shell does whose command died: ${answerOf(told)}`;
  }
  const signal = code > signalExitBase ? code - signalExitBase : 0;
  if (cause.event !== null) {
    const isItsWord = signal === cause.event.signal ? ` (128 + ${String(signal)})` : '';
    return `handled ${nameOfSignal(cause.event)} from ${senderOf(cause.event)}, and ${exited}${isItsWord}`;
  }
  if (signal === 0 || signal > 64) return `${exited}, by itself`;
  return `${exited} by itself: no signal ended it, though 128 + ${String(signal)} looks like ${terms.signalName(signal)}`;
}

function goneWords({ cause, ending }: Told): string {
  if (cause.event === null) return 'has ended; how is not recorded';
  const sent = `${nameOfSignal(cause.event)} from ${senderOf(cause.event)}${reasonWords(cause.event)}`;
  if (cause.certain) return `ended on ${throughServer(cause.event)}${sent}`;
  const when = ending.source === null ? ', probably' : '';
  return `has ended${when} on ${sent}`;
}

function signalWords(told: Told): string {
  const { ending, cause, oom } = told;
  const name = ending.signalName ?? '';
  const killed = ending.signal === 9 ? `was killed by ${name}` : `was ended by ${name}`;
  const { event } = cause;
  if (event === null && cause.kind === 'oom')
    return `${killed}, probably by the kernel's OOM killer: it killed in its cgroup just then`;
  if (event === null) return `${killed}; who sent it is not recorded`;
  const words = causeWords(killed, name, event, told, oom);
  return cause.reraised ? `${words}; it handled the signal, then ended itself with it` : words;
}

function causeWords(killed: string, name: string, event: SignalEvent, told: Told, oom: OomKill | undefined): string {
  const { cause, ending } = told;
  const who = cause.by === null ? 'the kernel' : nameOfSender(cause.by);
  switch (cause.kind) {
    case 'killed':
      return `${killed} from ${who}${relationWords(cause)}${afterWords(event, told.before)}`;
    case 'mediated':
      return `${killed} through the server, for ${who}${afterWords(event, told.before)}${reasonWords(event)}`;
    case 'self':
      return ending.signal === 6 ? `aborted (${name}: abort(), a failed assertion)` : `ended itself with ${name}`;
    case 'crash':
      return `crashed: ${name}, ${faultWords[ending.signal ?? 0] ?? 'a fault'}${ending.coreDumped ? ' (core dumped)' : ''}`;
    case 'oom':
      return `was killed by the kernel's OOM killer (${name})${oomWords(oom)}`;
    case 'cgroupKill':
      // The kernel sends both in the same way.
      return `${killed} through its cgroup: ${who} wrote to cgroup.kill (or is its tracer: PTRACE_KILL)`;
    case 'cpuLimit':
      return `${killed} from the kernel, at its limit of CPU time${limitWords(event)}`;
    case 'fileSizeLimit':
      return `${killed}: it wrote beyond its limit of file size (RLIMIT_FSIZE, ulimit -f)`;
    case 'brokenPipe':
      return `${killed}: it wrote to a pipe that nobody reads any more`;
    case 'terminal':
      return `${killed}: ${ending.signal === 3 ? 'Ctrl-\\' : 'Ctrl-C'} on its terminal`;
    case 'hangup':
      return `${killed}: its terminal was closed, or its session's leader ended`;
    case 'timer':
      return `${killed}: a timer that it had set ran out`;
    case 'parentEnd':
      return `${killed}, as it had asked for at its parent's death (PR_SET_PDEATHSIG): ${who} ended`;
    case 'senderEnd':
      return `${killed}, for ${who} ended: the init of its PID namespace, or its tracer`;
    case 'kernel':
    case 'exit':
    case 'child':
    case 'reboot':
    case 'none':
    case 'unknown':
      return `${killed} from the kernel, which tells no reason`;
  }
}

function limitWords({ kernel }: SignalEvent): string {
  const seconds = kernel?.cpuLimitSeconds;
  return `${seconds === undefined ? '' : ` of ${String(seconds)} s`} (RLIMIT_CPU, ulimit -t)`;
}

function oomWords(oom: OomKill | undefined): string {
  const held = oom?.anonBytes === undefined ? '' : `; it held ${memoryWords(oom.anonBytes)}`;
  if (oom?.scope === 'machine') return `: the machine was out of memory${held}`;
  if (oom?.scope === 'nodes') return `: the memory nodes that it may use were full${held}`;
  if (oom?.scope !== 'cgroup') return `: memory was short${held}`;
  const limit = oom.limitBytes === undefined ? '' : ` of ${memoryWords(oom.limitBytes)}`;
  return `: its cgroup${oom.cgroup === undefined ? '' : ` ${oom.cgroup}`} had reached its limit${limit}${held}`;
}

function relationWords({ relation }: Cause): string {
  if (relation === 'parent') return ', its parent';
  if (relation === 'ancestor') return ', an ancestor of it';
  if (relation === 'child') return ', a descendant of it';
  return relation === 'tree' ? ', of its own tree' : '';
}

/** The ask before the kill: by the same hand, or by another. */
function afterWords(event: SignalEvent, before: readonly SignalEvent[]): string {
  const asks = before.filter((row) => wasSent(row) && row.outcome !== 'denied' && row.signal !== event.signal);
  const own = asks.find((row) => isSameHand(row, event));
  const ask = own ?? asks.at(-1);
  if (ask === undefined) return '';
  const span = spanWords(nsOf(event) - nsOf(ask));
  return own === undefined
    ? `, ${span} after ${nameOfSignal(ask)} from ${senderOf(ask)}`
    : `, ${span} after its ${nameOfSignal(ask)}`;
}

/** The same process, or two that one has started to do it. */
function isSameHand(a: SignalEvent, b: SignalEvent): boolean {
  const [first, second] = [a.requester ?? a.sender, b.requester ?? b.sender];
  if (first === null || second === null) return false;
  if (first.pid === second.pid) return true;
  const parent = first.ancestry[0]?.pid ?? 0;
  return parent > 1 && parent === second.ancestry[0]?.pid && first.comm === second.comm;
}

function throughServer({ source }: SignalEvent): string {
  return source === 'mediated' ? 'the server’s ' : '';
}

function reasonWords({ reason }: SignalEvent): string {
  return reason === undefined ? '' : `: "${reason}"`;
}

function nameOfSignal({ signalName: name }: SignalEvent): string {
  return name ?? 'a signal';
}

/** Who sent it, in words. */
export function senderOf(event: SignalEvent): string {
  const sender = event.requester ?? event.sender;
  if (sender !== null) return nameOfSender(sender);
  return event.signal === 2 || event.signal === 3 ? 'its terminal' : 'the kernel';
}
