/** What an option of one letter, or a word, does with what comes behind it. */
export type OptionKind =
  /** Its value is the rest of the word, or the next word. */
  | 'value'
  /** Its value is the rest of the word, if any. */
  | 'attached'
  /** A program's text follows: there is no script. */
  | 'code'
  /** A module's name follows, as with python -m. */
  | 'module';

/** How a program reads its options, as far as it is needed to find what it runs. */
export interface OptionTable {
  readonly letters?: Readonly<Record<string, OptionKind>>;
  readonly words?: Readonly<Record<string, OptionKind>>;
}

/** An option of words, each of the same kind. */
function words(kind: OptionKind, ...names: readonly string[]): Record<string, OptionKind> {
  return Object.fromEntries(names.map((name) => [name, kind]));
}

const shell: OptionTable = {
  letters: { c: 'code', s: 'code', o: 'value', O: 'value' },
  words: { ...words('value', '--rcfile', '--init-file', '+o', '+O'), ...words('code', '--command') },
};
const python: OptionTable = {
  letters: { c: 'code', m: 'module', W: 'value', X: 'value' },
  words: words('value', '--check-hash-based-pycs'),
};
const node: OptionTable = {
  letters: { e: 'code', p: 'code', r: 'value', C: 'value' },
  words: {
    ...words('code', '--eval', '--print', '-pe'),
    ...words('value', '--require', '--import', '--loader', '--experimental-loader', '--conditions', '--env-file', '--title'),
  },
};

/** Programs that run a script, by name without a version: `python3.11` is `python`. */
export const interpreters: Readonly<Record<string, OptionTable>> = {
  python,
  pypy: python,
  sh: shell,
  bash: shell,
  dash: shell,
  ash: shell,
  zsh: shell,
  ksh: shell,
  mksh: shell,
  fish: shell,
  node,
  nodejs: node,
  bun: node,
  deno: node,
  perl: {
    letters: { e: 'code', E: 'code', I: 'value', M: 'attached', m: 'attached', i: 'attached', F: 'attached', x: 'attached' },
  },
  ruby: { letters: { e: 'code', r: 'value', I: 'value', C: 'value', E: 'value', i: 'attached', W: 'attached' } },
  php: { letters: { r: 'code', B: 'code', R: 'code', d: 'value', c: 'value', z: 'value' } },
  lua: { letters: { e: 'code', l: 'value' } },
  luajit: { letters: { e: 'code', l: 'value' } },
  Rscript: { letters: { e: 'code' } },
  julia: { letters: { e: 'code', E: 'code', J: 'value', p: 'value', t: 'value', L: 'value', C: 'value' } },
  java: {
    words: words(
      'value',
      '-cp',
      '-classpath',
      '--class-path',
      '-p',
      '--module-path',
      '--add-modules',
      '--add-opens',
      '--add-exports',
      '--add-reads',
    ),
  },
};

/** A program, or a script of one, that runs the command that its own options are followed by. */
export interface Launcher extends OptionTable {
  /** Words of its own between its options and the command: the 5 of `timeout 5 pytest`. */
  readonly positions?: number;
  /** The word that must come first: the run of `uv run pytest`. */
  readonly verb?: string;
  /** `NAME=VALUE` may come before the command. */
  readonly assigns?: boolean;
}

/** Programs that become, or wait for, the command behind them. */
export const launchers: Readonly<Record<string, Launcher>> = {
  env: { letters: { u: 'value', C: 'value', S: 'code' }, words: words('value', '--unset', '--chdir'), assigns: true },
  nice: { letters: { n: 'value' }, words: words('value', '--adjustment') },
  nohup: {},
  setsid: {},
  unbuffer: {},
  catchsegv: {},
  busybox: {},
  time: { letters: { f: 'value', o: 'value' }, words: words('value', '--format', '--output') },
  timeout: { letters: { s: 'value', k: 'value' }, words: words('value', '--signal', '--kill-after'), positions: 1 },
  stdbuf: { letters: { i: 'value', o: 'value', e: 'value' }, words: words('value', '--input', '--output', '--error') },
  ionice: {
    letters: { c: 'value', n: 'value', p: 'code', u: 'code', P: 'code' },
    words: words('value', '--class', '--classdata'),
  },
  chrt: { letters: { p: 'code', m: 'code', T: 'value', P: 'value', D: 'value' }, positions: 1 },
  taskset: { letters: { p: 'code' }, positions: 1 },
  numactl: { letters: { N: 'value', m: 'value', C: 'value', i: 'value', p: 'value', s: 'code', H: 'code' } },
  sudo: {
    letters: {
      u: 'value',
      g: 'value',
      h: 'value',
      p: 'value',
      C: 'value',
      D: 'value',
      R: 'value',
      T: 'value',
      U: 'value',
      r: 'value',
      t: 'value',
      e: 'code',
      l: 'code',
      v: 'code',
    },
    words: words('value', '--user', '--group', '--host', '--prompt', '--chdir', '--chroot'),
    assigns: true,
  },
  doas: { letters: { u: 'value', C: 'code' } },
  'xvfb-run': {
    letters: { n: 'value', s: 'value', e: 'value', f: 'value', p: 'value', w: 'value' },
    words: words('value', '--server-num', '--server-args', '--error-file', '--auth-file', '--xauth-protocol', '--wait'),
  },
  uv: {
    verb: 'run',
    letters: { m: 'module', p: 'value' },
    words: {
      ...words('value', '--with', '--python', '--extra', '--group', '--env-file', '--project', '--directory'),
      '--module': 'module',
    },
  },
  poetry: { verb: 'run' },
  pipenv: { verb: 'run' },
  pdm: { verb: 'run' },
  rye: { verb: 'run' },
  conda: { verb: 'run', letters: { n: 'value', p: 'value' }, words: words('value', '--name', '--prefix', '--cwd') },
  // These are scripts or modules of Python, which read the same way.
  coverage: {
    verb: 'run',
    letters: { m: 'module', p: 'attached' },
    words: words('value', '--rcfile', '--source', '--include', '--omit', '--data-file', '--context', '--concurrency'),
  },
  cProfile: { letters: { o: 'value', s: 'value', m: 'module' } },
  profile: { letters: { o: 'value', s: 'value', m: 'module' } },
  pdb: { letters: { c: 'value', m: 'module' } },
  torchrun: {
    letters: { m: 'module' },
    words: words(
      'value',
      '--nproc-per-node',
      '--nproc_per_node',
      '--nnodes',
      '--master-port',
      '--master_port',
      '--rdzv-backend',
      '--rdzv-endpoint',
    ),
  },
};
