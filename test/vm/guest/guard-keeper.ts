/**
 * A guard in a process of its own, until that is killed: it does not heed SIGTERM. The arguments are the processes to be
 * guarded, strictly. Prints a line when they are.
 */
import { Guard } from './support/guard.ts';

process.on('SIGTERM', () => console.log('SIGTERM is not heeded'));
const guard = new Guard();
guard.lease(1n, { strict: true });
for (const pid of process.argv.slice(2)) guard.mark(Number(pid), 1n);
console.log('guarding');
// The sentinel itself keeps no program running.
setInterval(() => undefined, 1000);
