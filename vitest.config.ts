import { randomUUID } from 'node:crypto';
import { availableParallelism, freemem } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Vitest's own count, for `.ci/run`. */
const reportFile = process.env['OMNIMIND_TEST_REPORT'] ?? 'node_modules/.cache/vitest/report.json';

/** One project after the other: tests of real processes are not disturbed by the unit tests' load. */
const projects: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: {
      name: 'unit',
      include: ['test/unit/**/*.test.ts'],
      testTimeout: 10_000,
      maxWorkers: availableParallelism(),
      sequence: { groupOrder: 0 },
    },
  },
  {
    extends: true,
    test: {
      name: 'integration',
      include: ['test/integration/**/*.test.ts'],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      maxWorkers: Math.min(2, availableParallelism()),
      sequence: { groupOrder: 1 },
    },
  },
];

// `npm run test:vm`: boots virtual machines, which takes minutes and qemu. An emulated machine keeps little more than one core
// busy: as many at once as there are cores, and room for what they hold. With more, those that race the kernel for memory lose.
const vmBytes = 3.5 * 2 ** 30;
const vmsAtOnce = Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / vmBytes)));
if (process.env['OMNIMIND_TEST_VM'] === '1') {
  projects.push({
    extends: true,
    test: {
      name: 'vm',
      include: ['test/vm/**/*.test.ts'],
      // A scenario's name is a sentence, which -t is to find.
      taskTitleValueFormatTruncate: 0,
      testTimeout: 900_000,
      hookTimeout: 900_000,
      maxWorkers: vmsAtOnce,
      sequence: { groupOrder: 2 },
    },
  });
}

/**
 * Whatever a test starts as omnid inherits this: its resource protector touches nobody who does not carry the variable, and
 * only children that a test starts for that do. It must never act on the machine that the tests run on.
 */
const env = { OMNIMIND_PROTECTOR_ONLY_ENVIRONMENT: `OMNIMIND_TEST_CANDIDATE=${randomUUID()}` };

export default defineConfig({
  test: {
    env,
    pool: 'forks',
    reporters: ['default', ['json', { outputFile: reportFile }]],
    projects,
  },
});
