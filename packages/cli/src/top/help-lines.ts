/** The keys of `omnictl top`. */
export const helpLines: readonly string[] = [
  'up, down, j, k        move',
  'page up, page down    move by a screen (Ctrl-B, Ctrl-F)',
  'home, end, g, G       the first, the last',
  'enter                 the processes of a lease, and its terms',
  'escape, backspace     back',
  'c, m, a, l            sort by CPU, memory, age, label',
  'space                 pause, and go on',
  'q, Ctrl-C             quit',
  '',
  'CPU is that of one core, since the last look; at the first look, since the process began.',
  'any key: back',
];
