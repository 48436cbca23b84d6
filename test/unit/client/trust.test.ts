import { chmod, lstat, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, NoServerError, UntrustedServerError } from '#client/index.ts';
import { distrust } from '#client/trust.ts';
import { ScriptedServer, socketFolder } from '#test/support/scripted-server.ts';

const own = process.geteuid?.() ?? 0;
const other = own + 1;

test('a socket of root or of the caller is trusted, another one is not', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  const [socket, parent] = [await lstat(server.path), await stat(folder.path)];
  expect(distrust(socket, parent, own)).toBeUndefined();
  // As another user would see it; root's own socket is trusted by all.
  if (own !== 0) expect(distrust(socket, parent, other)).toContain(`belongs to uid ${String(own)}`);
});

test.runIf(own === 0)('another uid as the owner of the socket or of its folder is refused, even by root', async () => {
  const { chown } = await import('node:fs/promises');
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  await chown(server.path, 4242, 4242);
  await expect(connect({ socket: server.path })).rejects.toThrow(/belongs to uid 4242/);
  await chown(server.path, 0, 0);
  await chown(folder.path, 4242, 4242);
  await expect(connect({ socket: server.path })).rejects.toThrow(/its folder belongs to uid 4242/);
});

test('a folder where others may write is refused, unless it is sticky', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  await chmod(folder.path, 0o770);
  await expect(connect({ socket: server.path })).rejects.toBeInstanceOf(UntrustedServerError);
  await chmod(folder.path, 0o1777);
  await using client = await connect({ socket: server.path });
  expect(client.socketPath).toBe(server.path);
});

test('what is no socket, or a link to one, is refused', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  const [file, link] = [join(folder.path, 'file'), join(folder.path, 'link')];
  await writeFile(file, '');
  await symlink(server.path, link);
  await expect(connect({ socket: file })).rejects.toThrow('it is no socket');
  await expect(connect({ socket: link })).rejects.toThrow('it is no socket');
});

test('where nothing is, or nothing listens any more, there is no server', async () => {
  await using folder = await socketFolder();
  const path = join(folder.path, 'none', 's');
  const failure = await connect({ socket: path }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NoServerError);
  expect(failure).toMatchObject({ tried: [path], cause: { code: 'ENOENT' } });
  await mkdir(join(folder.path, 'file'));
  await expect(connect({ socket: join(folder.path, 'file', 's') })).rejects.toBeInstanceOf(NoServerError);
});
