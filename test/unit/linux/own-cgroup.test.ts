import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hasPureCgroup2, moveToOwnCgroup } from '#linux/own-cgroup.ts';
import { runModule } from './support.ts';

describe('moveToOwnCgroup', () => {
  test.each(['', '.', '..', 'a/b', '/a', 'a\n', '.hidden'])('%j is no name of a group', (name) =>
    expect(() => moveToOwnCgroup(name)).toThrow(RangeError),
  );

  test.skipIf(hasPureCgroup2())('on a host of cgroup v1 it says so and changes nothing', () => {
    const before = readFileSync('/proc/self/cgroup', 'latin1');
    expect(moveToOwnCgroup('omnimind-test')).toEqual({ reason: 'cgroup v2 is not the only hierarchy here' });
    expect(readFileSync('/proc/self/cgroup', 'latin1')).toBe(before);
  });

  /** In a mount namespace of its own, where /sys/fs/cgroup is what it is on a host of cgroup v2 alone. */
  const privateMount = ['unshare', '--mount', 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"'];
  const canMount = process.getuid?.() === 0;

  test.skipIf(!canMount)('makes a group beside its own and goes there (needs root)', async () => {
    const group = `/omnimind-test-${process.pid}`;
    const { stdout, stderr } = await runModule(
      `import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
       import { moveToOwnCgroup } from '#linux/own-cgroup.ts';
       const top = '/sys/fs/cgroup';
       const own = () => /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))[1];
       const start = own();
       const folders = ['${group}', '${group}/terminal', '${group}/server'].map((path) => top + path);
       try {
         console.log(JSON.stringify(start === '/' ? moveToOwnCgroup('server') : { reason: 'this process is in the root cgroup' }));
         mkdirSync(folders[0]);
         mkdirSync(folders[1]);
         writeFileSync(folders[1] + '/cgroup.procs', '0');
         console.log(JSON.stringify(moveToOwnCgroup('server')), own());
         console.log(JSON.stringify(moveToOwnCgroup('server')), own());
       } finally {
         writeFileSync(top + start + '/cgroup.procs', '0');
         for (const folder of folders.toReversed()) try { rmdirSync(folder); } catch {}
       }`,
      privateMount,
    );
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      '{"reason":"this process is in the root cgroup"}',
      `{"path":"${group}/server"} ${group}/server`,
      `{"path":"${group}/server"} ${group}/server`,
      '',
    ]);
    expect(existsSync(`/sys/fs/cgroup/unified${group}`)).toBe(false);
  });
});
