import { expect, test } from 'vitest';
import { connect, mayKill } from '#client/index.ts';
import { Omnid } from './support/omnid.ts';
import { sleeper } from './support/sleeper.ts';

test('yes for the unprotected, no for a protected one among them, no for a pid that is not there', async () => {
  await using omnid = await Omnid.start();
  await using client = await connect({ socket: omnid.socket });
  await using plain = await sleeper();
  await using protectedOne = await sleeper();
  const lease = await client.call('lease.register', { pid: protectedOne.pid });
  const options = { socket: omnid.socket };
  expect(await mayKill([plain.pid], 9, options)).toBe(true);
  expect(await mayKill([plain.pid, protectedOne.pid], 9, options)).toBe(false);
  expect(await mayKill([protectedOne.pid], 0, options)).toBe(true);
  expect(await client.mayKill([{ pid: plain.pid, startTicks: '1' }])).toBe(false);
  await client.call('lease.release', { leaseId: lease.id });
  expect(await client.mayKill([plain.pid, lease.identity])).toBe(true);
});

test('no where the server hangs, and no where it is gone', async () => {
  await using omnid = await Omnid.start();
  await using plain = await sleeper();
  omnid.signal('SIGSTOP');
  expect(await mayKill([plain.pid], 9, { socket: omnid.socket, connectTimeoutMs: 50 })).toBe(false);
  omnid.signal('SIGCONT');
  await omnid.end('SIGTERM');
  expect(await mayKill([plain.pid], 9, { socket: omnid.socket })).toBe(false);
});
