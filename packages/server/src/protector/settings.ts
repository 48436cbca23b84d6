import type { LimitsMode, ProtectorMode } from '#core/protector/modes.ts';

/** `[protector]` of omnid.toml, with its defaults. */
export interface ProtectorSettings {
  readonly mode: ProtectorMode;
  /** Whose limits `observe` plans by; `test`, `dev` and `prod` have their own. */
  readonly limits: LimitsMode;
  readonly act: boolean;
  /** The rungs that may be used. */
  readonly tell: boolean;
  readonly throttle: boolean;
  readonly end: boolean;
  readonly kill: boolean;
  /** May a CPU hog be ended? Without it it is slowed alone. */
  readonly endCpuHogs: boolean;
  readonly unit: 'process' | 'group';
  readonly graceMs: number;
  /** Programs that are never picked, beside those of `criticalDefaults`. */
  readonly critical: readonly string[];
  /** `NAME=value` each: nobody is touched who was not started with all of these in the environment. */
  readonly onlyEnvironment: readonly string[];
  /** The protected set's share of memory, percent. */
  readonly budgetPercent: number;
  /** Over the budget: may the least important lease be asked to end? */
  readonly endLeases: boolean;
  /** While acting: has the kernel's OOM killer pass over members of leases? */
  readonly shieldMembers: boolean;
  /** While acting: lock the server's program into memory, and have the OOM killer pass over it? */
  readonly survive: boolean;
}

export const protectorDefaults: Omit<ProtectorSettings, 'mode' | 'limits'> = {
  act: false,
  tell: true,
  throttle: true,
  end: true,
  kill: true,
  endCpuHogs: false,
  unit: 'process',
  graceMs: 5000,
  critical: [],
  onlyEnvironment: [],
  budgetPercent: 80,
  endLeases: false,
  shieldMembers: true,
  survive: true,
};

/** The environment's word: it restricts, and chooses limits; it never makes the server act. */
export interface ProtectorEnvironment {
  readonly mode?: string | undefined;
  readonly onlyEnvironment?: string | undefined;
}

/**
 * The settings of a server, from its file and its environment. Where the file names no mode it is `observe`, or, where it
 * says `act = true`, that of the limits.
 *
 * @throws Error where OMNIMIND_RESOURCE_PROTECTOR_MODE is no set of limits
 */
export function protectorSettings(file: Partial<ProtectorSettings>, environment: ProtectorEnvironment = {}): ProtectorSettings {
  const settings = { ...protectorDefaults, ...file };
  const named = isLimitsMode(settings.mode) ? settings.mode : undefined;
  const chosen = limitsOfEnvironment(environment.mode) ?? settings.limits ?? named ?? 'dev';
  // A mode that was named has its own limits, and the environment may choose others.
  const mode = named !== undefined || (settings.mode === undefined && settings.act) ? chosen : (settings.mode ?? 'observe');
  const only = environment.onlyEnvironment ?? '';
  const onlyEnvironment = only === '' ? settings.onlyEnvironment : [...settings.onlyEnvironment, only];
  return { ...settings, mode, limits: chosen, onlyEnvironment };
}

function limitsOfEnvironment(value: string | undefined): LimitsMode | undefined {
  if (value === undefined || value === '') return undefined;
  if (isLimitsMode(value)) return value;
  throw new Error(`OMNIMIND_RESOURCE_PROTECTOR_MODE is ${JSON.stringify(value)}, and must be dev, test or prod`);
}

function isLimitsMode(mode: string | undefined): mode is LimitsMode {
  return mode === 'dev' || mode === 'test' || mode === 'prod';
}
