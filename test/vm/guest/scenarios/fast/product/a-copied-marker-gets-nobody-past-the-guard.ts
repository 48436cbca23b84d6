import assert from 'node:assert/strict';
import { runs, startSleeper } from '#test/support/server/processes.ts';
import { serve } from '#test/support/server/served.ts';
import { stranger } from '../../../support/strangers.ts';

const marker = 'a-marker-of-at-least-sixteen-characters';

export async function run(): Promise<void> {
  await using served = await serve({ scope: 'system' });
  await using sleeper = await startSleeper();
  await served.wire.call('lease.register', { pid: sleeper.pid, guard: true, marker });

  // The thief is asked about, becomes a member by its marker, and then kills: itself, and by a child of its own.
  const script = `
    export OMNIMIND_LEASE=${marker}
    exec /bin/sh -c '"$1" "$2" --socket "$3" may-kill $$; kill -9 "$4"; (kill -9 "$4"); /usr/bin/kill -9 "$4"' sh "$@"`;
  const omnictl = '/omnimind/node_modules/.bin/omnictl';
  const went = await stranger(['/bin/sh', '-c', script, 'sh', '/bin/sh', omnictl, served.omnid.socket, String(sleeper.pid)]);
  assert.equal(went.stderr.match(/not permitted/gi)?.length, 3, went.stderr);
  assert.ok(runs(sleeper.pid));
}
