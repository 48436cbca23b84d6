import { describe, expect, test } from 'vitest';
import { parseStatus, readCredentials } from '#linux/proc-status.ts';
import { NO_PID, startNamed, startProcess, startScript } from './support.ts';

const STATUS = [
  'Name:\tsudo',
  'Uid:\t1000\t0\t1001\t0',
  'Gid:\t100\t101\t102\t101',
  'NSpid:\t4242\t17\t1',
  'CapEff:\t000000c000000000',
  'NoNewPrivs:\t1',
  '',
].join('\n');

describe('parseStatus', () => {
  test('keeps real, effective and saved apart', () => {
    expect(parseStatus(STATUS)).toEqual({
      uids: { real: 1000, effective: 0, saved: 1001 },
      gids: { real: 100, effective: 101, saved: 102 },
      noNewPrivs: true,
      nsPids: [4242, 17, 1],
      capEff: (1n << 39n) | (1n << 38n),
    });
  });

  test('lines that a kernel does not have', () => {
    expect(parseStatus('Name:\tx\nUid:\t1\t1\t1\t1\nGid:\t2\t2\t2\t2\n')).toMatchObject({
      noNewPrivs: false,
      nsPids: [],
      capEff: 0n,
    });
  });

  test.each(['', 'Name:\tx\n', 'Name:\tx\nUid:\t1\t1\nGid:\t2\t2\t2\t2\n'])('%j is no such file', (text) =>
    expect(parseStatus(text)).toBeUndefined(),
  );
});

describe('readCredentials', () => {
  test('of this process and a child', async () => {
    await using child = await startProcess();
    const [uid = -1, gid = -1] = [process.getuid?.(), process.getgid?.()];
    const ids = (id: number) => ({ real: id, effective: id, saved: id });
    expect(readCredentials(process.pid)).toMatchObject({ uids: ids(uid), gids: ids(gid) });
    expect(readCredentials(child.pid)).toMatchObject({ uids: ids(uid), noNewPrivs: false });
    expect(readCredentials(child.pid)?.nsPids[0]).toBe(child.pid);
  });

  test('a name cannot pass for a line', async () => {
    await using child = await startNamed(Buffer.from('a\nUid:\t7\t7\t7\t7'));
    expect(readCredentials(child.pid)?.uids.real).toBe(process.getuid?.());
  });

  test('no_new_privs', async () => {
    await using child = await startScript('exec setpriv --no-new-privs cat');
    expect(readCredentials(child.pid)?.noNewPrivs).toBe(true);
  });

  test.skipIf(process.getuid?.() !== 0)('another user, without capabilities (needs root)', async () => {
    await using child = await startScript('exec setpriv --reuid 65533 --regid 65534 --clear-groups cat');
    expect(readCredentials(child.pid)).toMatchObject({
      uids: { real: 65533, effective: 65533, saved: 65533 },
      gids: { real: 65534, effective: 65534, saved: 65534 },
      capEff: 0n,
    });
    expect(readCredentials(process.pid)?.capEff).toBeGreaterThan(0n);
  });

  test('gone, or never there', async () => {
    await using child = await startProcess();
    await child.end();
    for (const pid of [child.pid, NO_PID, 0, -1, 1.5]) expect(readCredentials(pid)).toBeUndefined();
  });
});
