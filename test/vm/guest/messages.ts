/** What goes over the serial line: one JSON message a line, each way. */

/** What the host asks. */
export type Request =
  | { readonly kind: 'run'; readonly id: number; readonly scenario: string; readonly timeoutMs: number }
  | { readonly kind: 'powerOff' };

/** What the guest tells. */
export type Message =
  /** `bootMs` is the kernel's own time since it started. */
  | { readonly kind: 'ready'; readonly release: string; readonly bootMs: number }
  | { readonly kind: 'report'; readonly id: number; readonly report: ScenarioReport };

/** How a scenario went, and why it failed or was skipped. */
export interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

export interface ScenarioReport extends Verdict {
  readonly name: string;
  /** What it and its processes printed: the end of it. */
  readonly output: string;
  readonly durationMs: number;
}
