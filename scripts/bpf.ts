// Builds the BPF object, which is committed: `node scripts/bpf.ts` writes it, `--check` says whether it is what these
// sources give. The same bytes come out in any folder; they depend on the compiler and libbpf's headers, which are
// those of Debian 12 (apt-get install clang llvm libbpf-dev).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../packages/linux/bpf');
const source = 'sentinel.bpf.c';
const object = join(folder, 'sentinel.bpf.o');
const CLANG_MAJOR = '14';

/** BTF, which carries the types and lines, comes with -g; the names of folders that are in it are relative ones. */
const flags = ['-target', 'bpfel', '-mcpu=v3', '-O2', '-g', '-fdebug-compilation-dir=.', '-std=gnu11'];
/** Programs take their arguments from `ctx`, which not each of them uses. */
const warnings = ['-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror'];

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${command}: ${error.message} (Debian: apt-get install clang llvm libbpf-dev)`);
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`);
  return stdout;
}

/** Other versions build a good object too, but not this one. */
function assertCompiler(): void {
  const version = run('clang', ['--version']);
  const major = /version (\d+)\./.exec(version)?.[1];
  if (major !== CLANG_MAJOR)
    throw new Error(`the committed object is clang ${CLANG_MAJOR}'s; this is ${version.split('\n')[0]}`);
}

function build(): Buffer {
  const temporary = mkdtempSync(join(tmpdir(), 'omnimind-bpf-'));
  const output = join(temporary, 'sentinel.bpf.o');
  try {
    run('clang', [...flags, ...warnings, '-c', source, '-o', output]);
    // DWARF goes, BTF stays.
    run('llvm-strip', ['-g', output]);
    return readFileSync(output);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function main(): void {
  assertCompiler();
  const built = build();
  if (process.argv.includes('--check')) {
    if (!built.equals(readFileSync(object)))
      throw new Error('sentinel.bpf.o is not what its sources give: node scripts/bpf.ts');
    console.log('sentinel.bpf.o is what its sources give');
  } else {
    writeFileSync(object, built);
    console.log(`sentinel.bpf.o: ${built.length} bytes`);
  }
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
