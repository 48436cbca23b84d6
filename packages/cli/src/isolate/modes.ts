/** What a machine is used for: how much is asked of it before anything is done. */
export type IsolationMode = 'dev' | 'test' | 'prod';

export const isolationModes: readonly IsolationMode[] = ['test', 'dev', 'prod'];

/** The limits of one mode, by the names that the files have. Percentages are of the machine unless the name says otherwise. */
export interface ModeLimits {
  readonly cpu_percent: number;
  readonly memory_percent: number;
  /** Of one process, percent of a core. */
  readonly kill_threshold_cpu: number;
  /** After a process's start, seconds. */
  readonly grace_period: number;
  readonly prefer_nice_over_kill: boolean;
  /** Of one process, megabytes. */
  readonly max_process_memory_mb: number;
  readonly disk_warning_percent: number;
  readonly max_processes: number;
}

/** The README shows this table; a test holds the two equal. */
export const limitsByMode: Readonly<Record<IsolationMode, ModeLimits>> = {
  dev: {
    cpu_percent: 80,
    memory_percent: 85,
    kill_threshold_cpu: 95,
    grace_period: 60,
    prefer_nice_over_kill: true,
    max_process_memory_mb: 8_000,
    disk_warning_percent: 90,
    max_processes: 50,
  },
  test: {
    cpu_percent: 85,
    memory_percent: 88,
    kill_threshold_cpu: 90,
    grace_period: 30,
    prefer_nice_over_kill: true,
    max_process_memory_mb: 10_000,
    disk_warning_percent: 90,
    max_processes: 100,
  },
  prod: {
    cpu_percent: 95,
    memory_percent: 95,
    kill_threshold_cpu: 98,
    grace_period: 120,
    prefer_nice_over_kill: false,
    max_process_memory_mb: 12_000,
    disk_warning_percent: 95,
    max_processes: 200,
  },
};

/** Processes of a developer's: never killed. Each is looked for in the command line, as it stands. */
export const devScriptPatterns: readonly string[] = [
  'pytest',
  '03_run_500_cycles',
  '03_test_50_cycles',
  'MASTER_RECOVERY',
  'integration_cycles',
  'jupyter',
  'robust_consciousness_validation',
  'python -m unittest',
  'scripts/recovery',
  'run_dev_safe',
];

/** Services: they may heal themselves, by being restarted. */
export const daemonPatterns: readonly string[] = ['uvicorn', 'qdrant', 'redis', 'observer_service', 'resource_protector'];

/** The priority of a developer's scripts. */
export const devScriptNice = 10;
