/** What a shell takes for a variable. Others it may leave out of what it hands on (dash does): functions that bash exported. */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Ends with 125 where the gate closes without a word: then nothing was run, as env(1) and timeout(1) say it. */
const notRun = 125;

/** A shell's script, and what it takes as `$@`. */
export interface GateScript {
  readonly script: string;
  readonly args: readonly string[];
}

/**
 * The script of the held process: waits for a line on the gate (the marker of its lease), then becomes the command. Exits with 127 or 126, and in
 * the shell's words, where the command is not there or cannot be executed.
 *
 * @param command program and arguments
 * @param env the environment that the shell gets
 * @param ignored names of signals to ignore, as `HUP`
 * @param gateFd file descriptor that it waits on
 */
export function gateScript(
  command: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
  ignored: readonly string[],
  gateFd: number,
): GateScript {
  const fd = String(gateFd);
  const lines = [
    ...(ignored.length === 0 ? [] : [`trap '' ${ignored.join(' ')}`]),
    `read -r omnimind_marker <&${fd} || exit ${String(notRun)}`,
    `exec ${fd}<&-`,
    // An empty line: it runs unprotected, and keeps the marker of a lease around it where there is one.
    '[ -z "$omnimind_marker" ] || { OMNIMIND_LEASE=$omnimind_marker; export OMNIMIND_LEASE; }',
    'unset omnimind_marker',
    'OMNIMIND_SCRIPT_PID=$$',
    'export OMNIMIND_SCRIPT_PID',
    'exec "$@"',
  ];
  const lost = Object.entries(env).flatMap(([name, value]) => (variableName.test(name) ? [] : [`${name}=${value ?? ''}`]));
  return { script: lines.join('\n'), args: lost.length === 0 ? command : ['env', ...lost, ...command] };
}
