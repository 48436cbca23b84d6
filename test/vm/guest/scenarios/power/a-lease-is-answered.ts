import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { startService } from '../../support/system.ts';
import { omnictl, startOmnid, unsynchronised } from '../../support/system-omnid.ts';

/** Nothing waits after the last answer: the plug is pulled next. */
export async function run(): Promise<void> {
  const job = await startService('job', [], '/bin/sleep', '1000');
  await startOmnid();
  const lease = await omnictl('register', '--pid', String(job.pid), '--label', 'before the cut');
  assert.match(lease, /^ls-/);
  writeFileSync(unsynchronised, lease);
}
