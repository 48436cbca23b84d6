import type { FigureName } from '#test/bench/targets.ts';
import { memoryDaemonsArchive } from '#test/vm/host/memory-daemons.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { inMachine } from '../support/machine.ts';

/** What the guest's `contest` tells; its words stand in test/vm/guest/support/hogs.ts. */
interface Contest {
  readonly bystandersLost: number;
  readonly thresholdToDeathMs: number | null;
  readonly longestStallMs: number;
  readonly watcherCpuSeconds: number;
  readonly watcherRssMiB: number;
}

/** Hogs of the guest, and what they are called here. */
const kinds = {
  steady: 'steady',
  sudden: 'sudden',
  stubborn: 'stubborn',
  leakBesideInnocent: 'leak-beside-innocent',
} as const;
type Kind = keyof typeof kinds;

const measures = ['bystanders', 'death', 'stall', 'cpu', 'rss'] as const;

export const figures: readonly FigureName[] = Object.values(kinds).flatMap((name) =>
  measures.map((measure): FigureName => `vm-hog-${name}-${measure}`),
);

/** Debian's stock kernel, emulated: ratios mean something, and no absolute time does. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const results = await inMachine<Record<Kind, Record<'omnid' | 'earlyoom', Contest>>>(
    'hogs-beside-earlyoom',
    memoryDaemonsArchive,
  );
  const rows: Row[] = [];
  for (const [kind, name] of Object.entries(kinds) as [Kind, (typeof kinds)[Kind]][]) {
    const { omnid, earlyoom } = results[kind];
    context.note(`${name}: omnid ${JSON.stringify(omnid)}, earlyoom ${JSON.stringify(earlyoom)}`);
    const both = (of: (one: Contest) => number): { value: number; reference: number } => ({
      value: of(omnid),
      reference: of(earlyoom),
    });
    rows.push(
      measured(
        `vm-hog-${name}-bystanders`,
        both((one) => one.bystandersLost),
      ),
      // Before the threshold was reached there is nothing to wait for.
      measured(
        `vm-hog-${name}-death`,
        both((one) => one.thresholdToDeathMs ?? 0),
      ),
      measured(
        `vm-hog-${name}-stall`,
        both((one) => one.longestStallMs),
      ),
      measured(
        `vm-hog-${name}-cpu`,
        both((one) => one.watcherCpuSeconds),
      ),
      measured(
        `vm-hog-${name}-rss`,
        both((one) => one.watcherRssMiB),
      ),
    );
  }
  return rows.filter(({ figure }) => context.wants(figure));
}
