import type { Need } from '#core/protector/need.ts';
import type { Suspect } from '#core/protector/plan.ts';
import { suspectOf } from '#core/protector/plan.ts';
import { needWords, secondsWords, suspectWords } from '#core/protector/words.ts';
import type { Teller } from './teller.ts';
import { commOf, shortRef } from './victim.ts';
import type { Watch } from './watch.ts';

/** Finds words for what is seen, and tells it: the lowest rung of the ladder. */
export class Narrator {
  readonly #teller: Teller;
  readonly #isOn: boolean;

  /** @param isOn `[protector] tell`; what is done is recorded all the same */
  constructor(teller: Teller, isOn: boolean) {
    this.#teller = teller;
    this.#isOn = isOn;
  }

  /** Says anything about the machine, or about one process. */
  say(topic: string, reason: string, pid?: number, leaseId?: string): void {
    if (this.#isOn) this.#teller.tell(topic, 'told', reason, pid === undefined ? null : (shortRef(pid) ?? null), leaseId);
  }

  /** What the machine needs, and who grows: once for each level that it comes to. */
  need(need: Need, watch: Watch): void {
    const { level } = need;
    if (level === 'well') {
      for (const each of ['tell', 'throttle', 'end', 'kill']) this.#teller.forget(`need ${each}`);
      return;
    }
    const [fastest] = fastestGrowing(watch, 1);
    const grower = fastest === undefined ? '' : `; ${suspectWords(fastest, commOf(fastest.pid))}`;
    this.say(`need ${level}`, `${needWords(need, watch.machine.availableShare)}${grower}`, fastest?.pid);
  }

  /** Somebody would be ended, were the protector acting. */
  planned(words: string, victim: Suspect | undefined): void {
    const target = victim === undefined ? undefined : shortRef(victim.pid);
    if (this.#isOn)
      this.#teller.tell(`planned ${String(victim?.pid)}`, 'planned', `would send SIGTERM: ${words}`, target ?? null);
  }

  /** The machine needs somebody, and there is nobody. */
  nobody(words: string): void {
    this.say('nobody', words);
  }

  /** The server was held up itself. */
  late(lateMs: number): void {
    this.say('late', `the protector's own look came ${secondsWords(lateMs)} late: nothing was watched meanwhile`);
  }
}

/** Who grows fastest, the fastest first. */
export function fastestGrowing({ columns, processes }: Watch, count: number): readonly Suspect[] {
  const rows: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    const growth = processes.growthBytes(row);
    if (growth <= 0) continue;
    if (rows.length === count && growth <= processes.growthBytes(rows.at(-1) ?? 0)) continue;
    rows.push(row);
    rows.sort((a, b) => processes.growthBytes(b) - processes.growthBytes(a));
    if (rows.length > count) rows.pop();
  }
  return rows.map((row) => suspectOf(columns, processes, row));
}
