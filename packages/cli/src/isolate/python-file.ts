import { daemonPatterns, devScriptPatterns, isolationModes, limitsByMode, type IsolationMode } from './modes.ts';

/** The text of `resource_isolation_config.py`: constants that a Python 3 program imports. */
export function pythonFile(mode: IsolationMode): string {
  return `"""What the resource protector leaves alone, and from where on it acts. Import it."""

import os

# Never killed: what is found in the command line.
DEV_SCRIPT_PATTERNS = ${list(devScriptPatterns)}

# Services, which may heal themselves.
DAEMON_PATTERNS = ${list(daemonPatterns)}

# Percent of the machine; kill_threshold_cpu: of one process, percent of a core. grace_period: seconds after the start.
LIMITS_BY_MODE = {
${isolationModes.map(limitsOf).join('')}}

# The environment decides, as it does for omnid; else the mode that this file was written for.
MODE = os.environ.get("OMNIMIND_RESOURCE_PROTECTOR_MODE", ${text(mode)})
if MODE not in LIMITS_BY_MODE:
    MODE = ${text(mode)}
LIMITS = LIMITS_BY_MODE[MODE]

# Which signals a developer's script may be sent.
DEV_SCRIPT_SIGNALS = {"SIGTERM": True, "SIGKILL": False}

ENABLE_PROTECTION_DEBUG_LOGS = True
ENABLE_DEV_SCRIPT_PROTECTION_LOGS = True
`;
}

function limitsOf(mode: IsolationMode): string {
  const limits: Readonly<Record<string, number | boolean>> = { ...limitsByMode[mode] };
  const rows = Object.entries(limits).map(([name, value]) => `        ${text(name)}: ${literal(value)},\n`);
  return `    ${text(mode)}: {\n${rows.join('')}    },\n`;
}

function list(values: readonly string[]): string {
  return `[\n${values.map((value) => `    ${text(value)},\n`).join('')}]`;
}

function literal(value: number | boolean): string {
  if (typeof value === 'number') return String(value);
  return value ? 'True' : 'False';
}

/** JSON's strings are Python's, as long as they are plain. */
function text(value: string): string {
  return JSON.stringify(value);
}
