/** Ends with 125 where the gate closes without a word: then nothing was run, as env(1) and timeout(1) say it. */
const notRun = 125;

/**
 * The script of the held process: waits for a line on the gate (the marker of its lease), then becomes the command, which
 * it takes as `$@`. Exits with 127 or 126, and in the shell's words, where the command is not there or cannot be executed.
 *
 * @param ignored names of signals to ignore, as `HUP`
 * @param gateFd file descriptor that it waits on
 */
export function gateScript(ignored: readonly string[], gateFd: number): string {
  const fd = String(gateFd);
  return [
    ...(ignored.length === 0 ? [] : [`trap '' ${ignored.join(' ')}`]),
    `read -r omnimind_marker <&${fd} || exit ${String(notRun)}`,
    `exec ${fd}<&-`,
    // An empty line: it runs unprotected, and keeps the marker of a lease around it where there is one.
    '[ -z "$omnimind_marker" ] || { OMNIMIND_LEASE=$omnimind_marker; export OMNIMIND_LEASE; }',
    'unset omnimind_marker',
    'OMNIMIND_SCRIPT_PID=$$',
    'export OMNIMIND_SCRIPT_PID',
    'exec "$@"',
  ].join('\n');
}
