/** Runs in the guest: starts a scenario when the host asks for it on the serial line, and tells how it went. */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { release, uptime } from 'node:os';
import { createInterface } from 'node:readline';
import { moveToAgentGroup } from './groups.ts';
import type { Message, Request } from './messages.ts';
import { prepareNext, runScenario } from './run-scenario.ts';
import { warmUp } from './warm-up.ts';

const LINE = '/dev/ttyS1';

const line = createWriteStream(LINE);
const tell = (message: Message): void => {
  line.write(`${JSON.stringify(message)}\n`);
};

/** systemd stops its services; the init of the fast machine has none. */
function powerOff(): void {
  execFileSync('poweroff', process.env['INVOCATION_ID'] === undefined ? ['-f'] : []);
}

moveToAgentGroup();
await warmUp();
prepareNext();
tell({ kind: 'ready', release: release(), bootMs: uptime() * 1000 });
for await (const text of createInterface(createReadStream(LINE))) {
  const request = JSON.parse(text) as Request;
  if (request.kind === 'powerOff') powerOff();
  else tell({ kind: 'report', id: request.id, report: await runScenario(request.scenario, request.timeoutMs) });
}
