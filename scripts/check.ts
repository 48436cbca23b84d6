// Everything that can be said of the sources without running them. Every step runs, so that one run names all that is wrong.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const steps: readonly { readonly name: string; readonly command: string; readonly args: readonly string[] }[] = [
  { name: 'generated files', command: process.execPath, args: ['packages/protocol/generate.ts', '--check'] },
  { name: 'format', command: bin('oxfmt'), args: ['--list-different'] },
  { name: 'lint', command: bin('oxlint'), args: ['--deny-warnings'] },
  { name: 'types', command: bin('tsc'), args: ['--pretty', 'false'] },
];

const failed: string[] = [];
for (const { name, command, args } of steps) {
  console.log(`check: ${name}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? 'check: all is well' : `check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
