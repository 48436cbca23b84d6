import type { RuleSpec } from './rule.ts';

/** What is covered unless omnid.toml says otherwise: the list that the first user kept by hand, each by what runs. */
export const defaultRules: readonly RuleSpec[] = [
  { name: 'pytest', job: '^(pytest|py\\.test)' },
  { name: 'unittest', job: '^unittest$' },
  { name: 'jupyter', job: '^(jupyter|ipykernel)' },
  { name: '500-cycles', job: '03_run_500_cycles' },
  { name: '50-cycles', job: '03_test_50_cycles' },
  { name: 'integration-cycles', job: 'integration_cycles' },
  { name: 'master-recovery', job: 'MASTER_RECOVERY' },
  { name: 'recovery-scripts', path: '(^|/)scripts/recovery' },
  { name: 'consciousness-validation', job: 'robust_consciousness_validation' },
  { name: 'run-dev-safe', job: 'run_dev_safe' },
  { name: 'dev-script-mode', environment: 'OMNIMIND_DEV_SCRIPT_MODE=true' },
];
