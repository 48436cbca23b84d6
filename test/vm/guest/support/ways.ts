import { strangersPerl, type StrangerOptions, stranger } from './strangers.ts';

/** The system calls by which one process sends another a signal (x86_64). */
export const ways = ['kill', 'tkill', 'tgkill', 'rt_sigqueueinfo', 'rt_tgsigqueueinfo', 'pidfd_send_signal'] as const;
export type Way = (typeof ways)[number];

/** Arguments: way, pid, tid, signal. Prints the error number, 0 for none. */
export const waysProgram = `
  my ($way, $pid, $tid, $signal) = ($ARGV[0], map { $_ + 0 } @ARGV[1 .. 3]);
  my $info = pack('iiix4iiq', $signal, 0, -1, $$, $<, 0) . "\\0" x 96;
  my %ways = (
    kill => sub { syscall(62, $pid, $signal) },
    tkill => sub { syscall(200, $tid, $signal) },
    tgkill => sub { syscall(234, $pid, $tid, $signal) },
    rt_sigqueueinfo => sub { syscall(129, $pid, $signal, $info) },
    rt_tgsigqueueinfo => sub { syscall(297, $pid, $tid, $signal, $info) },
    pidfd_send_signal => sub { my $fd = syscall(434, $pid, 0); syscall(424, $fd, $signal, 0, 0) },
  );
  print $ways{$way}->() < 0 ? $! + 0 : 0;
`;

/** A stranger sends a signal by this call. @returns the error number, 0 for none */
export async function send(way: Way, pid: number, signal: number, tid = pid): Promise<number> {
  const { stdout, stderr } = await strangersPerl(waysProgram, way, pid, tid, signal);
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

/** The same by kill(2), for each of the signals in one process. @returns the error numbers, in order */
export async function sendEach(pid: number, signals: readonly number[], options: StrangerOptions = {}): Promise<number[]> {
  const program = `my $pid = shift() + 0; print join ' ', map { syscall(62, $pid, $_ + 0) < 0 ? $! + 0 : 0 } @ARGV;`;
  const { stdout } = await stranger(['perl', '-e', program, '--', String(pid), ...signals.map(String)], options);
  return stdout.split(' ').map(Number);
}
