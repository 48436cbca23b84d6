import type { Logger } from 'pino';
import { Episode } from '#core/protector/episode.ts';
import { CriticalList, criticalDefaults, exemptionOf, type Exemption } from '#core/protector/exemption.ts';
import type { ProtectorWork } from '#core/protector/interval.ts';
import { limitsOf, type Limits, type ProtectorMode } from '#core/protector/modes.ts';
import { assess, type Need, type NeedLevel } from '#core/protector/need.ts';
import { makePlan, type Plan, type Suspect } from '#core/protector/plan.ts';
import { Ranking } from '#core/protector/ranking.ts';
import { tuning } from '#core/protector/tuning.ts';
import { reliefOf } from '#core/protector/victims.ts';
import { needsWords, needWords, planWords } from '#core/protector/words.ts';
import type { JudgeView } from '#core/verdict.ts';
import type { ExitWatcher } from '#linux/exit-watcher.ts';
import { clock } from '../machine.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { CpuGuard } from './cpu-guard.ts';
import { MachineExemptions } from './exemptions.ts';
import { Hands } from './hands.ts';
import { Housekeeping } from './housekeeping.ts';
import { Narrator } from './narrator.ts';
import type { ProtectorSettings } from './settings.ts';
import { Shield } from './shield.ts';
import { notAsked, survive, type OwnSurvival } from './survival.ts';
import { Teller } from './teller.ts';
import { Throttler } from './throttler.ts';
import { Ticker } from './ticker.ts';
import { commOf, shortRef } from './victim.ts';
import { processesMax, Watch } from './watch.ts';

export interface ProtectorOptions {
  readonly settings: ProtectorSettings;
  /** What verdicts are given by: whom they protect the protector leaves alone. */
  readonly view: JudgeView;
  readonly registry: Registry;
  readonly store: Store;
  readonly watcher: ExitWatcher;
  readonly log: Logger;
  /** Folders whose file systems are looked at. */
  readonly folders: readonly string[];
  /** Default: this machine's. */
  readonly watch?: Watch;
}

/** How old a look may be that a plan is made from. */
const planSharedMs = 200;
const passedOverInHaste = 3;
const well: Need = { level: 'well', cause: 'none', exhaustedInMs: Infinity };

/**
 * The resource protector: looks at the machine, has core say what it needs and whom to pick, and does it, rung by rung.
 * Without the right to act it only tells.
 */
export class Protector {
  readonly settings: ProtectorSettings;
  readonly watch: Watch;
  readonly hands: Hands;
  readonly throttler: Throttler;
  readonly shield: Shield;
  readonly ticker: Ticker;
  readonly housekeeping: Housekeeping;
  readonly #options: ProtectorOptions;
  readonly #exemptions: MachineExemptions;
  readonly #critical: CriticalList;
  readonly #ranking = new Ranking(processesMax);
  readonly #episode: Episode;
  readonly #teller: Teller;
  readonly #narrator: Narrator;
  readonly #cpu: CpuGuard;
  #mode: ProtectorMode;
  #acting = false;
  #need = well;
  #wellSinceMs = -Infinity;
  #pickedMs = -Infinity;
  #askedFor: 'memory' | 'cpu' = 'memory';
  #survival = notAsked;

  /** @throws SystemCallError where /proc is not mounted */
  constructor(options: ProtectorOptions) {
    const { settings, watcher, store, log, registry } = options;
    this.#options = options;
    this.settings = settings;
    this.watch = options.watch ?? new Watch();
    this.#mode = settings.mode;
    this.#exemptions = new MachineExemptions(options.view, settings.onlyEnvironment);
    this.#critical = new CriticalList([...criticalDefaults, ...settings.critical]);
    this.#episode = new Episode(settings.graceMs);
    this.#teller = new Teller(store, log, shortRef(process.pid) ?? { pid: process.pid, uid: 0, comm: 'omnid', ancestry: [] });
    this.#narrator = new Narrator(this.#teller, settings.tell);
    const exemption = (pid: number): Exemption | undefined => this.#exemptionOf(pid);
    this.hands = new Hands({ watcher, teller: this.#teller, exemption, onExit: () => this.ticker.now() });
    this.throttler = new Throttler({ watcher, teller: this.#teller, exemption });
    this.shield = new Shield(registry.table);
    this.#cpu = new CpuGuard({ watch: this.watch, throttler: this.throttler, narrator: this.#narrator, settings, exemption });
    this.housekeeping = new Housekeeping({
      ...options,
      watch: this.watch,
      narrator: this.#narrator,
      teller: this.#teller,
      exemptions: this.#exemptions,
    });
    this.ticker = new Ticker(
      () => this.#tick(),
      (lateMs) => {
        this.#narrator.late(lateMs);
      },
      (error) => {
        log.error({ err: error }, 'protector: a look failed');
      },
    );
  }

  get mode(): ProtectorMode {
    return this.#mode;
  }

  /** Does it signal and slow, or only tell? */
  get acting(): boolean {
    return this.#acting;
  }

  get need(): Need {
    return this.#need;
  }

  get survival(): OwnSurvival {
    return this.#survival;
  }

  /** When it looks at the machine next, milliseconds from the look before. */
  get machineIntervalMs(): number {
    return this.watch.machineIntervalMs(this.#need.level, this.#work);
  }

  /** When it looks through the processes next, milliseconds from the look before. */
  get processIntervalMs(): number {
    return this.watch.processIntervalMs(this.#need.level, this.#work);
  }

  get #work(): ProtectorWork {
    if (this.#episode.isActive) return 'ending';
    return this.#acting ? 'ready' : 'observing';
  }

  get limits(): Limits {
    return limitsOf(this.#mode, this.settings.limits);
  }

  /** Begins by the configuration. */
  start(): void {
    const { mode, act } = this.settings;
    this.#setMode(mode, act && mode !== 'off' && mode !== 'observe');
  }

  /** Who may: see the handler. `test`, `dev` and `prod` act from now on. */
  setMode(mode: ProtectorMode): void {
    this.#setMode(mode, mode !== 'off' && mode !== 'observe');
    this.#options.log.warn({ mode, acting: this.#acting }, 'protector: mode set');
  }

  #setMode(mode: ProtectorMode, acting: boolean): void {
    this.#mode = mode;
    this.#acting = acting;
    if (acting) {
      if (this.settings.survive && this.#survival === notAsked) this.#survival = survive(this.#options.log);
    } else this.#standDown('the protector does not act any more');
    if (mode !== 'off') {
      this.ticker.now();
      return;
    }
    this.ticker.pause();
    // Whoever asks for the status is told what was seen last.
    this.watch.lookAtMachine(this.throttler.ownStall);
  }

  #standDown(reason: string): void {
    this.hands.drop();
    this.#episode.dropped(clock.monotonicMs());
    this.throttler.restoreAll(reason);
    this.shield.lower();
  }

  /** A fresh look, and whom it would pick. Touches nothing. Everybody may ask: those who ask at once share a look. */
  plan(): Plan {
    if (clock.monotonicMs() - this.watch.columns.atMs > planSharedMs) {
      this.watch.lookAtMachine(this.throttler.ownStall);
      this.#assess();
      this.watch.lookAtProcesses(this.#need.level === 'well');
    }
    return this.#makePlan(tuning.passedOverMax);
  }

  #makePlan(passedOverMax: number): Plan {
    return makePlan({
      columns: this.watch.columns,
      trends: this.watch.processes,
      ranking: this.#ranking,
      view: this.#exemptions,
      critical: this.#critical,
      need: this.#need,
      unit: this.settings.unit,
      relief: reliefOf(this.#need, this.watch.machine),
      passedOverMax,
    });
  }

  /** Why a process may not be touched now; one that was not there at the last look may not either. */
  #exemptionOf(pid: number): Exemption | undefined {
    const row = this.watch.processes.rowOf(pid);
    if (row < 0) return { rule: 'gone', why: 'it was not there at the last look' };
    return exemptionOf(this.#exemptions, this.watch.columns, row, this.#critical);
  }

  #assess(): void {
    this.#need = assess(this.watch.machine, this.limits);
    const nowMs = this.watch.machine.now.atMs;
    if (this.#need.level !== 'well') this.#wellSinceMs = Infinity;
    else if (this.#wellSinceMs === Infinity) this.#wellSinceMs = nowMs;
  }

  /** @returns milliseconds to the next one */
  #tick(): number {
    this.watch.lookAtMachine(this.throttler.ownStall);
    this.#assess();
    const { level } = this.#need;
    const nowMs = this.watch.machine.now.atMs;
    this.#cpu.update(nowMs, this.limits);
    if (this.watch.isProcessLookDue(level, this.#work)) this.#look(nowMs);
    const episodeLevel = this.#askedFor === 'cpu' && this.#episode.isActive ? this.#cpu.level(nowMs) : level;
    const step = this.#episode.next(nowMs, episodeLevel, this.hands.isAlive);
    if (step === 'pick') this.#pick(nowMs);
    else if (step === 'kill') this.#kill(nowMs);
    else if (step !== 'wait') this.#over(step);
    return this.machineIntervalMs;
  }

  /** A look through the process table, and all that is told or slowed by it. */
  #look(nowMs: number): void {
    const { level } = this.#need;
    this.watch.lookAtProcesses(level === 'well');
    this.#narrator.need(this.#need, this.watch);
    // From `end` on somebody is asked, and there is no time for that.
    if (level === 'throttle') this.#throttle(nowMs);
    const { overBudget } = this.housekeeping.look(nowMs, this.limits, this.#acting);
    if (this.#acting && this.settings.shieldMembers && !overBudget) this.shield.raise(nowMs);
    else this.shield.lower();
    const hog = this.#cpu.look(nowMs, this.limits, this.#acting);
    if (hog !== undefined && !this.#episode.isActive) this.#ask([hog.suspect], hog.reason, 'cpu', nowMs);
    const isCalm = nowMs - this.#wellSinceMs >= tuning.restoreAfterMs && this.#cpu.isCalm(nowMs);
    if (isCalm && this.throttler.size > 0) this.throttler.restoreAll('the need is over');
  }

  #throttle(nowMs: number): void {
    if (!this.#acting || !this.settings.throttle) return;
    const plan = this.#makePlan(passedOverInHaste);
    const [victim] = plan.victims;
    // The swap may last a while yet, but who needs memory that is in use waits for it.
    const isOver = (1 - this.watch.machine.availableShare) * 100 >= this.limits.memoryPercent;
    if (plan.blamed !== undefined && isOver) this.#hold(plan, this.#words(plan), nowMs);
    else if (victim?.guilt === 'growing') this.throttler.slow(victim, 'memory', this.#words(plan), nowMs);
  }

  /** Needs somebody: after a fresh look, and where nobody was found not at every tick. */
  #pick(nowMs: number): void {
    if (nowMs - this.#pickedMs < this.processIntervalMs) return;
    this.#pickedMs = nowMs;
    if (this.watch.columns.atMs !== nowMs) this.watch.lookAtProcesses(false);
    // Where the kernel is next there is no time to ask about more than it takes.
    const plan = this.#makePlan(this.#need.level === 'kill' ? passedOverInHaste : tuning.passedOverMax);
    const words = this.#words(plan);
    if (this.#hold(plan, words, nowMs)) return;
    if (!plan.mayEnd) this.#narrator.nobody(words);
    else if (!this.#acting || !this.settings.end) this.#narrator.planned(words, plan.victims[0]);
    else this.#ask(plan.victims, words, 'memory', nowMs);
  }

  /**
   * Where one who is protected is to blame, it is held where it is, if it can be: neither it nor those who stood by are to die
   * of it.
   */
  #hold({ blamed }: Plan, words: string, nowMs: number): boolean {
    if (blamed === undefined || !this.#acting || !this.settings.throttle) return false;
    // What it took before still looks like a fall: the machine is given time to show that it is over.
    const heldSinceMs = this.throttler.sinceMs(blamed.pid);
    if (heldSinceMs !== Infinity) return nowMs - heldSinceMs < tuning.heldMs;
    const needs = words.includes(needsWords) ? '' : `; ${needsWords}`;
    return this.throttler.holdProtected(blamed, `${words}${needs}`, nowMs);
  }

  #ask(victims: readonly Suspect[], reason: string, what: 'memory' | 'cpu', nowMs: number): void {
    this.#askedFor = what;
    // Many at once are a fork bomb, and the kernel would be next: each look that it is given costs more than it took.
    const isBomb =
      what === 'memory' &&
      this.settings.unit === 'process' &&
      victims.length > 1 &&
      this.#need.level === 'kill' &&
      this.settings.kill;
    if (isBomb && this.hands.killAtOnce(victims, reason)) this.#episode.killed(nowMs);
    else if (!isBomb && this.hands.ask(victims, reason)) this.#episode.asked(nowMs);
    else {
      this.hands.drop();
      this.#episode.dropped(nowMs);
    }
    // The next victim is another need's: it is not waited for.
    this.#pickedMs = -Infinity;
  }

  #kill(nowMs: number): void {
    const level: NeedLevel = this.#need.level;
    const reason = `${needWords(this.#need, this.watch.machine.availableShare)}; it was asked to end, and has not (${level})`;
    if (this.settings.kill && this.hands.kill(reason)) this.#episode.killed(nowMs);
    else {
      this.#giveUp();
      this.#episode.dropped(nowMs);
    }
  }

  #over(step: 'ended' | 'spared' | 'stuck'): void {
    if (step === 'stuck') this.#giveUp();
    else this.hands.drop();
  }

  /** Whoever is left is not picked again: others may do better. */
  #giveUp(): void {
    for (const { pid, startTicks } of this.hands.drop()) this.#exemptions.noteStuck(pid, String(startTicks));
  }

  #words(plan: Plan): string {
    const name = plan.victims[0] === undefined ? '' : commOf(plan.victims[0].pid);
    return planWords(plan, name, this.watch.machine.availableShare);
  }

  /** Everything is given back. Idempotent. */
  close(): void {
    this.ticker.close();
    this.#acting = false;
    this.#standDown('the server ends');
    this.shield.close();
    this.watch[Symbol.dispose]();
  }
}
