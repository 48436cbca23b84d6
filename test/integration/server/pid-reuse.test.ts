import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReuseReport } from '#test/support/server/reuse-guest.ts';

const guest = new URL('../../support/server/reuse-guest.ts', import.meta.url).pathname;
const inNamespace = ['--fork', '--pid', '--mount-proc', '--kill-child'];
const canUnshare = spawnSync('unshare', [...inNamespace, 'true']).status === 0;

describe.skipIf(!canUnshare)(`a reused pid${canUnshare ? '' : ' (skipped: a PID namespace needs root and unshare)'}`, () => {
  let report: ReuseReport;

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)('unshare', [...inNamespace, process.execPath, guest]);
    report = JSON.parse(stdout) as ReuseReport;
  });

  it('was had again, within the same clock tick too', () => {
    expect(report.identity.reused).toBeGreaterThanOrEqual(10);
    expect(report.identity.sameTick).toBeGreaterThanOrEqual(3);
  });

  it('passes neither the lease nor its verdict on', () => {
    expect(new Set(report.identity.verdicts.map(({ rule, allow }) => `${rule} ${String(allow)}`))).toEqual(
      new Set(['unprotected true']),
    );
    expect(new Set(report.identity.claims.map(({ rule, allow }) => `${rule} ${String(allow)}`))).toEqual(
      new Set(['identityMismatch false']),
    );
  });

  it('gets no kill that was meant for the process before', () => {
    expect(new Set(report.identity.kills.map(({ data }) => data.kind))).toEqual(new Set(['identityMismatch']));
    expect(report.identity.lived).toBe(true);
    expect(report.inFlight).toEqual({ outcome: 'exited', lived: true });
  });

  it("has no rights by its predecessor's connection", () => {
    expect(report.sender.before).toMatchObject({ allow: true, rule: 'ownTree' });
    expect(report.sender.after).toMatchObject({ allow: false, rule: 'lease' });
  });
});
