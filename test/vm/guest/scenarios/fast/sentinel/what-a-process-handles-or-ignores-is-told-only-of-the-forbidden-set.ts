import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { runScript } from '#test/support/server/processes.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { sendEach } from '../../../support/ways.ts';

export async function run(): Promise<void> {
  const handles = 'trap : TERM USR1 RTMIN';
  const ignores = "trap '' HUP USR2 RTMIN+1";
  await using target = runScript(`${handles}; ${ignores}; echo ready; while :; do cat <&3; done`);
  await target.line();
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  await sendEach(target.pid, [10, 12, 15, 1, 3]);
  await target.ended;
  await log.first(({ signal, target: { pid } }) => signal === 3 && pid === target.pid);
  assert.deepEqual(
    log.all((event) => event.target.pid === target.pid).map(({ signal, outcome }) => [signal, outcome]),
    [
      [15, 'delivered'],
      [1, 'ignored'],
      [3, 'delivered'],
    ],
  );
}
