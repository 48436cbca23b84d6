import fc from 'fast-check';
import { test } from 'vitest';
import { leaseSteps } from './lease-steps.ts';
import { processSteps } from './process-steps.ts';
import { Real } from './real.ts';
import { Reference } from './reference.ts';
import { serverSteps } from './server-steps.ts';

const allSteps = [...processSteps, ...leaseSteps, ...serverSteps];

test('whatever happens, the table is as the rules say', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.commands(allSteps, { maxCommands: 60, size: 'max' }), (steps) => {
      fc.modelRun(() => {
        const real = new Real();
        return { real, model: new Reference(real.world.processes, real.world.clock) };
      }, steps);
    }),
    { numRuns: 300 },
  );
});
