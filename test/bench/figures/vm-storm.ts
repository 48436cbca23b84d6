import type { FigureName } from '#test/bench/targets.ts';
import { measured, type BenchContext, type Row } from '../support/figure.ts';
import { inMachine } from '../support/machine.ts';

export const figures: readonly FigureName[] = [
  'vm-storm-recorded-bpftrace',
  'vm-storm-recorded-libbpf',
  'vm-storm-cpu-bpftrace',
  'vm-storm-cpu-libbpf',
  'vm-storm-rss-bpftrace',
  'vm-storm-rss-libbpf',
  'vm-storm-kill-bpftrace',
  'vm-storm-kill-libbpf',
  'vm-storm-kill-unwatched',
];

interface Watched {
  readonly recorded: number;
  readonly cpuSeconds: number;
  readonly rssMiB: number;
  readonly killUs: number;
}

interface Storm {
  readonly storm: number;
  readonly bareKillUs: number;
  readonly omnid: Watched;
  readonly bpftrace: Watched;
  readonly libbpf: Watched;
}

/** Debian's stock kernel, emulated: ratios mean something, and no absolute time does. */
export async function run(context: BenchContext): Promise<readonly Row[]> {
  const { storm, bareKillUs, omnid, ...others } = await inMachine<Storm>('a-storm-beside-killsnoop');
  context.note(`storm of ${String(storm)}: omnid ${JSON.stringify(omnid)}`);
  const percent = ({ recorded }: Watched): number => (recorded / storm) * 100;
  const rows = (['bpftrace', 'libbpf'] as const).flatMap((name) => {
    const other = others[name];
    context.note(`${name}: ${JSON.stringify(other)}`);
    return [
      measured(`vm-storm-recorded-${name}`, { value: percent(omnid), reference: percent(other) }),
      measured(`vm-storm-cpu-${name}`, { value: omnid.cpuSeconds, reference: other.cpuSeconds }),
      measured(`vm-storm-rss-${name}`, { value: omnid.rssMiB, reference: other.rssMiB }),
      measured(`vm-storm-kill-${name}`, { value: omnid.killUs, reference: other.killUs }),
    ];
  });
  return [...rows, measured('vm-storm-kill-unwatched', { value: omnid.killUs, reference: bareKillUs })].filter(({ figure }) =>
    context.wants(figure),
  );
}
