import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { makeFolder } from '#test/support/server/folder.ts';
import { adopt, killMember, runs, startTicksOf } from '#test/support/server/processes.ts';
import { until } from '#test/support/server/until.ts';
import { Wire } from '#test/support/server/wire.ts';

/** Connects, reads nothing, and hands its connection over: to the server the peer is this process for good. */
const program = `
  const socket = require('node:net').connect({ path: process.argv[2], allowHalfOpen: true });
  socket.pause();
  socket.on('connect', () => process.send(process.pid, socket, { keepOpen: true }));
  setInterval(() => undefined, 1_000_000);
`;

/** The member's parent, which is there when the member is gone. */
const parent = '"$0" "$@"; exec cat';

export interface Member extends AsyncDisposable {
  /** The root of its tree. */
  readonly treePid: number;
  readonly pid: number;
  readonly startTicks: string;
  /** The connection that it made, in our hands. */
  readonly wire: Wire;
  /** Ends it, and waits until its pid is free; its tree and its connection stay. */
  end(): Promise<void>;
}

/** A process further down in a tree, of which we hold the connection to the server. */
export async function startMember(path: string): Promise<Member> {
  await using folder = await makeFolder();
  const file = folder.file('member.cjs');
  writeFileSync(file, program);
  const child = fork(file, [path], {
    execPath: '/bin/sh',
    execArgv: ['-c', parent, process.execPath],
    stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
  });
  const root = adopt(child);
  const [pid, socket] = (await once(child, 'message')) as [number, Socket];
  const startTicks = startTicksOf(pid);
  const wire = new Wire(socket);
  return {
    treePid: root.pid,
    pid,
    startTicks,
    wire,
    end: async () => {
      killMember(pid, startTicks);
      await until(() => !runs(pid, startTicks));
    },
    [Symbol.asyncDispose]: async () => {
      wire.destroy();
      await root[Symbol.asyncDispose]();
    },
  };
}
