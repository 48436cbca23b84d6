import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { openStore } from '#test/support/server/database.ts';
import { connectOmnid, database, startOmnid, unsynchronised } from '../../support/system-omnid.ts';

export async function run(): Promise<void> {
  // The cut was one: what nobody had synchronised is not there.
  assert.equal(existsSync(unsynchronised) ? readFileSync(unsynchronised, 'utf8') : '', '');
  {
    await using _omnid = await startOmnid();
    await using wire = await connectOmnid();
    const { leases } = await wire.call('lease.list', { state: 'any' });
    assert.deepEqual(
      leases.filter(({ label }) => label === 'before the cut').map(({ state }) => state),
      ['lost'],
    );
  }
  using store = openStore(database);
  assert.equal(store.integrity(), 'ok');
}
