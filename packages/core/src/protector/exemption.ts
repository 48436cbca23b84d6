import { processKind, type ProcessColumns } from './process-columns.ts';

/** Why a process is no victim, in the order in which it is asked; programs branch on the word. */
export const exemptionRules = [
  'systemProcess',
  'gone',
  'outsideScope',
  'notACandidate',
  'critical',
  'loginSession',
  'lease',
  'protectionRule',
  'stuck',
  'lessGuilty',
] as const;
export type ExemptionRule = (typeof exemptionRules)[number];

export interface Exemption {
  readonly rule: ExemptionRule;
  /** A sentence part for people. */
  readonly why: string;
  readonly leaseId?: string;
}

/** Is it the protected set's word? */
export function isProtection({ rule }: Exemption): boolean {
  return rule === 'lease' || rule === 'protectionRule';
}

/** What is asked of the machine about one process, lazily: each costs a read of /proc. */
export interface ExemptionView {
  readonly ownPid: number;
  /** Is it of a user whom this server serves? */
  isServed(pid: number): boolean;
  /** Where `[protector] onlyEnvironment` restricts candidates: does it carry that variable? */
  isCandidate(pid: number): boolean;
  /** The file name of its executable, or its comm where that must not be seen; undefined where it is gone. */
  programOf(pid: number): string | undefined;
  /** The protected set's word: by a lease, or by an automatic rule. */
  protectionOf(pid: number): Exemption | undefined;
  /** Was it killed already, and did not end? */
  isStuck(pid: number): boolean;
  /** What its end would free: shared pages counted in parts (PSS) where that is cheap, else what was given. */
  realBytes(pid: number, bytes: number): number;
}

/**
 * Why the process of this row is no victim, whatever its guilt.
 *
 * @param critical tests a program's name
 * @returns undefined where it may be one
 */
export function exemptionOf(
  view: ExemptionView,
  columns: ProcessColumns,
  row: number,
  critical: CriticalList,
): Exemption | undefined {
  const pid = columns.pid[row] ?? 0;
  const kind = columns.kind[row] ?? 0;
  const system = systemProcess(view, pid, kind);
  if (system !== undefined) return { rule: 'systemProcess', why: system };
  if ((kind & processKind.zombie) !== 0) return { rule: 'gone', why: 'it has exited' };
  if (!view.isServed(pid)) return { rule: 'outsideScope', why: 'it is of another user than this server serves' };
  if (!view.isCandidate(pid)) return { rule: 'notACandidate', why: 'it lacks the variable of [protector] onlyEnvironment' };
  const program = view.programOf(pid);
  if (program === undefined) return { rule: 'gone', why: 'it has exited' };
  if (critical.has(program)) return { rule: 'critical', why: `${program} is on the critical list` };
  if ((kind & processKind.terminalLeader) !== 0) {
    return { rule: 'loginSession', why: 'it leads the session of a terminal' };
  }
  const protection = view.protectionOf(pid);
  if (protection !== undefined) return protection;
  if (view.isStuck(pid)) return { rule: 'stuck', why: 'it was killed already, and has not ended' };
  return undefined;
}

function systemProcess(view: ExemptionView, pid: number, kind: number): string | undefined {
  if (pid === 1) return 'pid 1 is the init process';
  if (pid === view.ownPid) return 'it is omnid itself';
  return (kind & processKind.kernelThread) !== 0 ? 'it is a kernel thread' : undefined;
}

/** Programs without which nobody can log in, see or repair anything. `*` stands for any end of a name. */
export const criticalDefaults: readonly string[] = [
  'init',
  'systemd',
  'systemd-*',
  'dbus-*',
  'sshd',
  'sshd-*',
  'login',
  'agetty',
  'getty',
  'sudo',
  'su',
  'tmux*',
  'screen',
  'Xorg',
  'Xwayland',
  'gdm*',
  'sddm*',
  'lightdm*',
  'gnome-shell',
  'gnome-session*',
  'kwin_*',
  'ksmserver',
  'plasmashell',
  'cinnamon',
  'xfce4-session',
  'xfwm4',
  'mutter*',
  'sway',
  'weston',
  'Hyprland',
  'polkitd',
  'NetworkManager',
  'udevd',
];

/** The critical list: names, and beginnings of names. */
export class CriticalList {
  readonly #names = new Set<string>();
  readonly #beginnings: readonly string[];

  /** @param patterns names; a `*` at the end stands for any end */
  constructor(patterns: readonly string[]) {
    this.#beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
    for (const pattern of patterns) if (!pattern.endsWith('*')) this.#names.add(pattern);
  }

  has(program: string): boolean {
    return this.#names.has(program) || this.#beginnings.some((beginning) => program.startsWith(beginning));
  }
}
