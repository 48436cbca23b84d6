/** The contest's programs, in what Debian's perl-base has. Each says `ready`, and waits on descriptor 3 for its start and its end. */

/** `$now->()`: CLOCK_MONOTONIC in ms. */
const clock = `
  my $buffer = "\\0" x 16;
  my $now = sub { syscall(228, 1, $buffer); my ($s, $ns) = unpack 'qq', $buffer; $s * 1e3 + $ns / 1e6 };
`;

/**
 * Takes memory; see `Taker`. Whoever has its fill says `full` and its pid. The word that starts it is read by the first
 * process alone, the end of the pipe by all.
 */
export const taker = `
  my ($name, $count, $size, $chunk, $pause, $most, $deaf, $generations) = @ARGV;
  $0 = $name;
  $SIG{TERM} = 'IGNORE' if $deaf;
  $SIG{CHLD} = 'IGNORE';
  my @all = map { 'x' x (1 << 20) } 1 .. $size;
  syswrite STDOUT, "ready\\n";
  open my $go, '<&=', 3; sysread $go, my $word, 1;
  if ($count > 1) { for (1 .. $count) { last if fork == 0; if ($_ == $count) { $chunk = 0 } } }
  while (1) {
    while ($chunk > 0 && @all < $most) {
      push @all, map { 'x' x (1 << 20) } 1 .. $chunk;
      select undef, undef, undef, $pause / 1000 if $pause > 0;
    }
    last if $generations-- <= 0;
    # A child lets go of what it has from its parent, and takes the same anew.
    if (fork == 0 || fork == 0) { @all = (); next }
    last;
  }
  syswrite STDOUT, "full $$\\n";
  sysread $go, $word, 1;
`;

/** Wakes every 10 ms, and says in the end how late it was at most: what a person at the machine would feel. */
export const ticker = `${clock}
  $0 = 'ticker';
  syswrite STDOUT, "ready\\n";
  open my $end, '<&=', 3; my $bits = ''; vec($bits, 3, 1) = 1;
  my ($last, $worst) = ($now->(), 0);
  until (select my $ready = $bits, undef, undef, 0.01) {
    my $time = $now->();
    $worst = $time - $last if $time - $last > $worst;
    $last = $time;
  }
  syswrite STDOUT, "$worst\\n";
`;

/**
 * The referee: all of it is kept in memory (mlockall), so that it sees what happens while nobody else runs. Looks every
 * 5 ms at /proc/meminfo and at a cgroup's processes (but for those that it is given the pids of), and says in the end, in ms of its clock or -1: when memory came to the
 * threshold, when it last was there, when the first process of the group had ended; how many it saw, and how many are left. It
 * ends them where they take too long: a machine that thrashes lets nobody else do it.
 */
export const referee = `${clock}
  my ($group, $most, @others) = @ARGV;
  my %other = map { $_ => 1 } @others;
  $0 = 'referee';
  syscall(151, 3) == 0 or die "mlockall: $!";
  open my $memory, '<', '/proc/meminfo' or die $!;
  open my $members, '<', "$group/cgroup.procs" or die $!;
  open my $end, '<&=', 3; my $bits = ''; vec($bits, 3, 1) = 1;
  my ($low, $lowLast, $death, $text, $before) = (-1, -1, -1, '', '');
  my (%known, %seen);
  syswrite STDOUT, "ready\\n";
  my ($over, $began, @cut) = (0, $now->());
  until ($over) {
    $over = select my $ready = $bits, undef, undef, 0.005;
    my $time = $now->();
    sysseek $memory, 0, 0; sysread $memory, $text, 4096;
    my %kib = $text =~ /^(MemTotal|MemAvailable|SwapTotal|SwapFree): +(\\d+)/mg;
    if ($kib{MemAvailable} <= 0.1 * $kib{MemTotal} && $kib{SwapFree} <= 0.1 * $kib{SwapTotal}) {
      $low = $time if $low < 0;
      $lowLast = $time;
    }
    if ($time - $began > $most && !@cut) {
      @cut = (scalar keys %seen, scalar keys %known);
      kill 'KILL', keys %known;
    }
    my $listed = '';
    sysseek $members, 0, 0;
    while (sysread $members, $text, 8192) { $listed .= $text }
    next if $listed eq $before;
    $before = $listed;
    my %here = map { $_ => 1 } grep { !$other{$_} } split ' ', $listed;
    $death = $time if $death < 0 && grep { !$here{$_} } keys %known;
    %known = %here;
    $seen{$_} = 1 for keys %here;
  }
  my ($seen, $left) = @cut ? @cut : (scalar keys %seen, scalar keys %known);
  syswrite STDOUT, "[$low, $lowLast, $death, $seen, $left]\\n";
`;
