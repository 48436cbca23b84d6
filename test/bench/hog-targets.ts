import { hogNames, type HogName } from '#test/vm/guest/support/contest/kinds.ts';
import type { Target } from './target.ts';

/** What is told of each kind of hog; the reference is earlyoom with `--avoid` for the protected job. */
export const hogMeasures = {
  lost: { unit: 'processes', judged: 'value', direction: 'atMost', target: 0, reference: 'earlyoom --avoid, the same hog' },
  death: {
    unit: 'ms',
    judged: 'ratio',
    direction: 'atMost',
    target: 1,
    reference: 'earlyoom --avoid: from 10 % available to the first end of a hog',
  },
  stall: {
    unit: 'ms',
    judged: 'ratio',
    direction: 'atMost',
    target: 1,
    reference: 'earlyoom --avoid: longest stall of a 10 ms ticker',
  },
  cpu: { unit: 's', judged: 'ratio', direction: 'atMost', target: null, reference: 'CPU time of earlyoom --avoid' },
  rss: { unit: 'MiB', judged: 'ratio', direction: 'atMost', target: null, reference: 'memory of earlyoom --avoid' },
} as const satisfies Readonly<Record<string, Target>>;
export type HogMeasure = keyof typeof hogMeasures;

export type HogFigure = `vm-hog-${HogName}-${HogMeasure}`;

export function hogFigure(name: HogName, measure: HogMeasure): HogFigure {
  return `vm-hog-${name}-${measure}`;
}

const measures = Object.entries(hogMeasures) as [HogMeasure, Target][];

export const hogTargets = Object.fromEntries(
  hogNames.flatMap((name) => measures.map(([measure, target]) => [hogFigure(name, measure), target])),
) as Readonly<Record<HogFigure, Target>>;
