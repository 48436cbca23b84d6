import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connect, mayKill } from '#client/index.ts';
import { allAllowed } from '#client/verdicts.ts';
import { bounds } from '#protocol/bounds.ts';
import type { CheckParams } from '#protocol/protection.ts';
import { greeting, ScriptedServer, socketFolder, type Answer } from '#test/support/scripted-server.ts';

interface Claim {
  readonly pid: number;
}

function asked(params: unknown): { identities: readonly Claim[]; signal: number } {
  const { identities = [], signal = 0 } = params as CheckParams;
  return { identities, signal };
}

const allowing: Answer = (params) => {
  const { identities, signal } = asked(params);
  return identities.map(({ pid }) => ({ pid, signal, allow: true, rule: 'unprotected', reason: '' }));
};

async function ask(answer: Answer, targets: Parameters<typeof mayKill>[0], signal?: number): Promise<boolean> {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'), { ...greeting, 'protection.check': answer });
  return await mayKill(targets, signal, { socket: server.path });
}

test('yes where the server positively allows all, pids and identities alike', async () => {
  expect(await ask(allowing, [1, 2, { pid: 3, startTicks: '77' }], 15)).toBe(true);
});

test('the signal is SIGKILL unless another is named', async () => {
  const signals: number[] = [];
  const noting: Answer = (params, peer, request) => {
    signals.push(asked(params).signal);
    return allowing(params, peer, request);
  };
  expect(await ask(noting, [1])).toBe(true);
  expect(signals).toEqual([9]);
});

const refusals: Readonly<Record<string, Answer>> = {
  'one of them is denied': (params) => {
    const { identities, signal } = asked(params);
    return identities.map(({ pid }) => ({ pid, signal, allow: pid !== 2 }));
  },
  'a verdict is missing': (params) => [{ pid: 1, signal: asked(params).signal, allow: true }],
  'a verdict is about another process': (params) => [1, 3].map((pid) => ({ pid, signal: asked(params).signal, allow: true })),
  'a verdict is about another signal': () => [1, 2].map((pid) => ({ pid, signal: 0, allow: true })),
  'allow is no plain yes': (params) => [1, 2].map((pid) => ({ pid, signal: asked(params).signal, allow: 'true' })),
  'the answer is no list': () => ({ allow: true }),
  'the answer is null': () => null,
  'the server answers with an error': (_params, peer, request) => {
    peer.fail(request, -32603, 'internalError');
  },
  'the connection breaks': (_params, peer) => {
    peer.socket.destroy();
  },
  'the server talks nonsense': (_params, peer) => {
    peer.raw('yes\n');
  },
};

test.each(Object.keys(refusals))('no where %s', async (name) => {
  expect(await ask(refusals[name] ?? allowing, [1, 2])).toBe(false);
});

test('no where nobody is named, and no where there is no server', async () => {
  expect(await ask(allowing, [])).toBe(false);
  await using folder = await socketFolder();
  expect(await mayKill([1], 9, { socket: join(folder.path, 's') })).toBe(false);
  expect(await mayKill([1], 9, { socket: join(folder.path, 's'), requestTimeoutMs: -1 })).toBe(false);
});

test('no where the server does not answer in time', async () => {
  await using folder = await socketFolder();
  await using server = await ScriptedServer.listen(join(folder.path, 's'));
  await using client = await connect({ socket: server.path, requestTimeoutMs: 20 });
  expect(await client.mayKill([1])).toBe(false);
});

test('more than one question holds are asked in parts, and every part counts', async () => {
  const sizes: number[] = [];
  const targets = Array.from({ length: bounds.checkTargetsMax + 1 }, (_, index) => index + 1);
  const isAllowed = await allAllowed((identities, signal) => {
    sizes.push(identities.length);
    const isLast = sizes.length === 2;
    return Promise.resolve(
      identities.map(({ pid }) => ({ pid, signal, allow: !isLast, rule: 'unprotected' as const, reason: '' })),
    );
  }, targets);
  expect([isAllowed, sizes]).toEqual([false, [bounds.checkTargetsMax, 1]]);
});
