import { describe, expect, it } from 'vitest';
import { makeFolder } from '#test/support/server/folder.ts';
import { Omnid } from '#test/support/server/omnid.ts';

/**
 * Section 7 of the JSON-RPC 2.0 specification, and what lies around it: lines as they are sent, answers as they
 * must come. `code` alone is compared of an error: the words are the server's own.
 */
const examples: readonly { name: string; send: string; expect: unknown }[] = [
  {
    name: 'a call of a method that is not there',
    send: '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    expect: { code: -32601, id: '1' },
  },
  {
    name: 'a line that is no JSON',
    send: '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    expect: { code: -32700, id: null },
  },
  {
    name: 'a method that is no text',
    send: '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    expect: { code: -32600, id: null },
  },
  {
    name: 'a batch that is no JSON',
    send: '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    expect: { code: -32700, id: null },
  },
  { name: 'an empty batch', send: '[]', expect: { code: -32600, id: null } },
  { name: 'a batch of one that is no request', send: '[1]', expect: [{ code: -32600, id: null }] },
  {
    name: 'a batch of three that are no requests',
    send: '[1,2,3]',
    expect: [
      { code: -32600, id: null },
      { code: -32600, id: null },
      { code: -32600, id: null },
    ],
  },
  {
    name: 'a mixed batch',
    send: `[{"jsonrpc":"2.0","method":"server.status","id":"1"},{"jsonrpc":"2.0","method":"server.status"},{"jsonrpc":"2.0","method":"lease.get","params":{"leaseId":"ls-aaaaaaaaaaaaaaaaaaaa"},"id":"2"},{"foo":"boo"},{"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"},{"jsonrpc":"2.0","method":"lease.list","id":"9"}]`,
    expect: [
      { result: true, id: '1' },
      { code: 1101, id: '2' },
      { code: -32600, id: null },
      { code: -32601, id: '5' },
      { result: true, id: '9' },
    ],
  },
  {
    name: 'params by position',
    send: '{"jsonrpc":"2.0","method":"lease.get","params":["ls-aaaaaaaaaaaaaaaaaaaa"],"id":1}',
    expect: { code: -32602, id: 1 },
  },
  {
    name: 'a member of params that is not known',
    send: '{"jsonrpc":"2.0","method":"lease.list","params":{"lable":"x"},"id":1}',
    expect: { code: -32602, id: 1 },
  },
  { name: 'no version', send: '{"method":"server.status","id":1}', expect: { code: -32600, id: 1 } },
  { name: 'another version', send: '{"jsonrpc":"1.0","method":"server.status","id":1}', expect: { code: -32600, id: 1 } },
  {
    name: 'an id that is no id',
    send: '{"jsonrpc":"2.0","method":"server.status","id":{}}',
    expect: { code: -32600, id: null },
  },
  {
    name: 'an id of null, which is an id',
    send: '{"jsonrpc":"2.0","method":"server.status","id":null}',
    expect: { result: true, id: null },
  },
  { name: 'an id of zero', send: '{"jsonrpc":"2.0","method":"server.status","id":0}', expect: { result: true, id: 0 } },
  {
    name: 'an id that is a fraction',
    send: '{"jsonrpc":"2.0","method":"server.status","id":1.5}',
    expect: { result: true, id: 1.5 },
  },
  { name: 'a bare number', send: '7', expect: { code: -32600, id: null } },
  { name: 'null', send: 'null', expect: { code: -32600, id: null } },
  { name: 'a text', send: '"server.status"', expect: { code: -32600, id: null } },
  {
    name: 'a nested batch',
    send: '[[{"jsonrpc":"2.0","method":"server.status","id":1}]]',
    expect: [{ code: -32600, id: null }],
  },
  {
    name: 'a method of every object',
    send: '{"jsonrpc":"2.0","method":"constructor","id":1}',
    expect: { code: -32601, id: 1 },
  },
  {
    name: 'a method that is a prototype',
    send: '{"jsonrpc":"2.0","method":"__proto__","id":1}',
    expect: { code: -32601, id: 1 },
  },
  {
    name: 'a member of params that is a prototype',
    send: '{"jsonrpc":"2.0","method":"lease.list","params":{"__proto__":{"limit":1}},"id":1}',
    expect: { code: -32602, id: 1 },
  },
  { name: 'an answer, which was not asked for', send: '{"jsonrpc":"2.0","result":1,"id":1}', expect: { code: -32600, id: 1 } },
  { name: 'a reserved method', send: '{"jsonrpc":"2.0","method":"rpc.nothing","id":1}', expect: { code: -32601, id: 1 } },
];

/** What is compared of an answer. */
function essence(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(essence);
  const { jsonrpc, id, error, result, ...rest } = answer as Record<string, unknown>;
  expect(jsonrpc).toBe('2.0');
  expect(rest).toEqual({});
  if (error === undefined) return { result: result !== undefined, id };
  const { code, message, data } = error as { code: number; message: string; data: { kind: string } };
  expect(message.length).toBeGreaterThan(0);
  expect(typeof data.kind).toBe('string');
  return { code, id };
}

describe('JSON-RPC 2.0 over a real socket', () => {
  it('answers every example of the specification as it says', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    for (const example of examples) {
      await using wire = await omnid.connect();
      wire.send(`${example.send}\n`);
      expect(essence(await wire.next()), example.name).toEqual(example.expect);
    }
    expect(omnid.log.filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('answers no notification, even where it fails', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    wire.send('{"jsonrpc":"2.0","method":"update","params":{"a":1}}\n');
    wire.send('{"jsonrpc":"2.0","method":"foobar"}\n');
    wire.send('{"jsonrpc":"2.0","method":"lease.get","params":{}}\n');
    wire.send('[{"jsonrpc":"2.0","method":"server.status"},{"jsonrpc":"2.0","method":"nothing"}]\n');
    wire.send('\n\n\r\n');
    await wire.call('server.status', {});
    expect(wire.arrivals().map(essence)).toEqual([{ code: -32700, id: null }]);
  });

  it('names the member that is unknown, missing or wrong', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const wrong: readonly [string, unknown, string][] = [
      ['lease.list', { lable: 'x' }, 'lable'],
      ['lease.get', {}, 'leaseId'],
      ['lease.register', { ttlMs: '30' }, 'ttlMs'],
      ['process.terminate', { pid: 0 }, 'pid'],
      ['protection.check', { pids: [1, 'two'] }, 'pids'],
    ];
    for (const [method, params, member] of wrong) {
      const { error } = await wire.ask(method, params);
      expect(error).toMatchObject({
        code: -32602,
        data: { kind: 'invalidParams' },
        message: expect.stringContaining(member) as string,
      });
    }
  });

  it('takes at most 256 requests in a batch, and answers each in its place', async () => {
    await using folder = await makeFolder();
    await using omnid = await Omnid.start({ folder });
    await using wire = await omnid.connect();
    const batch = (count: number): unknown[] =>
      Array.from({ length: count }, (_, index) => ({
        jsonrpc: '2.0',
        method: index % 2 === 0 ? 'lease.list' : 'none',
        id: index,
      }));
    wire.sendMessage(batch(257));
    expect(essence(await wire.next())).toEqual({ code: -32600, id: null });
    wire.sendMessage(batch(256));
    expect(essence(await wire.next())).toEqual(
      batch(256).map((_, index) => (index % 2 === 0 ? { result: true, id: index } : { code: -32601, id: index })),
    );
  });
});
