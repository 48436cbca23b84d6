import assert from 'node:assert/strict';
import { Sentinel } from '#linux/sentinel/sentinel.ts';
import { SignalLog } from '../../../support/signal-log.ts';
import { strangersPerl } from '../../../support/strangers.ts';

const segfault = 'print $$; $| = 1; print ""; syscall(11, 0x1000, 0); unpack("p", pack("Q", 0x1000));';
const abort = '$| = 1; print $$; syscall(234, $$, $$, 6);';
const brokenPipe = '$| = 1; print $$; pipe(my $read, my $write); close $read; syswrite $write, "x"; sleep 1000';

/** A terminal of its own, on whose other side Ctrl-C is typed (pty(7)); the reader is its foreground group. */
const terminal = `
  $| = 1;
  open(my $master, '+<', '/dev/ptmx') or die $!;
  my ($unlock, $number) = (pack('i', 0), pack('I', 0));
  ioctl($master, 0x40045431, $unlock) // die $!;
  ioctl($master, 0x80045430, $number) // die $!;
  my $path = '/dev/pts/' . unpack('I', $number);
  my $child = fork() // die $!;
  if ($child == 0) {
    syscall(112);
    open(my $slave, '+<', $path) or die $!;
    ioctl($slave, 0x540E, 0) // die $!;
    syswrite $slave, "ready";
    sysread $slave, my $line, 1;
    exit 0;
  }
  sysread $master, my $ready, 5;
  syswrite $master, "\\x03";
  waitpid $child, 0;
  print "$child ", $? & 127;
`;

export async function run(): Promise<void> {
  await using sentinel = Sentinel.open();
  const log = new SignalLog(sentinel);
  const seen = (pid: number): ReturnType<SignalLog['first']> => log.first((event) => event.target.pid === pid);

  const faulted = await seen(Number((await strangersPerl(segfault)).stdout));
  assert.deepEqual([faulted.signal, faulted.code, faulted.target.comm], [11, 'kernel', 'perl']);

  const aborted = await seen(Number((await strangersPerl(abort)).stdout));
  assert.deepEqual([aborted.signal, aborted.code, aborted.sender.pid], [6, 'tkill', aborted.target.pid]);

  const piped = await seen(Number((await strangersPerl(brokenPipe)).stdout));
  assert.deepEqual([piped.signal, piped.sender.pid], [13, piped.target.pid]);

  const { stdout, stderr } = await strangersPerl(terminal);
  const [pid, signal] = stdout.split(' ').map(Number);
  assert.equal(signal, 2, stderr);
  const typed = await seen(pid ?? 0);
  assert.deepEqual([typed.signal, typed.code], [2, 'kernel']);
}
