// Started with --expose-gc: prints what one lease takes of the heap when there are many. The rules alone, but with the
// very object that the server keeps for a process; its pidfd is none (poll(2) takes -1 for a process that lives).
import { Pidfd } from '#linux/pidfd.ts';
import { Held } from '#server/machine.ts';
import { RulesWorld } from './rules-world.ts';

const leases = Number(process.argv[2]);
const bootId = '00000000-0000-4000-8000-000000000000';
const kernelThread = false;

function hold(pid: number): Held {
  const startTicks = String(1e6 + pid);
  return new Held({
    identity: { pid, startTicks, bootId, pidfdId: String(2e6 + pid) },
    pidfd: new Pidfd(-1),
    // A string of its own, as each that is read from /proc.
    stat: { ppid: 1, startTicks, kernelThread, image: 0, comm: Buffer.from('sleep').toString() },
  });
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc');
  for (let time = 0; time < 3; time += 1) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const world = new RulesWorld(hold);
// What the first ones compile and grow is no lease's.
for (let pid = 1000; pid < 2000; pid += 1) world.drop(world.register(pid));
const before = heapBytes();
for (let index = 0; index < leases; index += 1) world.register(10_000 + index);
process.stdout.write(String((heapBytes() - before) / world.table.size));
