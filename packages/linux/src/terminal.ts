import { SystemCallError } from './errno.ts';
import { ioctl } from './ffi.ts';

// include/uapi/asm-generic/ioctls.h: the same on x64 and arm64.
const TCGETS = 0x5401;
const TCSETSW = 0x5403;
const TIOCGPGRP = 0x540f;
const TIOCSPGRP = 0x5410;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;

/** The kernel's struct termios: four words of flags, the line discipline, 19 characters. */
const MODES_BYTES = 44;
const [INPUT, OUTPUT, CONTROL, LOCAL] = [0, 4, 8, 12];

// include/uapi/asm-generic/termbits.h; what cfmakeraw(3) takes away and adds.
const IGNBRK_TO_IXON = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000;
const OPOST = 0o1;
const CSIZE_AND_PARENB = 0o60 | 0o400;
const CS8 = 0o60;
const ECHO_ECHONL_ICANON_ISIG_IEXTEN = 0o10 | 0o100 | 0o2 | 0o1 | 0o100000;

/** How a terminal treats what is typed and printed (termios(3)), as the kernel keeps it. */
export type TerminalModes = Uint8Array;

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** @throws SystemCallError where the descriptor is no terminal */
export function readModes(fd: number): TerminalModes {
  const modes = new Uint8Array(MODES_BYTES);
  check('TCGETS', ioctl(fd, TCGETS, modes), fd);
  return modes;
}

/** Sets them once what was printed is out. From the background this stops the process, as the kernel has it (SIGTTOU). */
export function writeModes(fd: number, modes: TerminalModes): void {
  check('TCSETSW', ioctl(fd, TCSETSW, modes), fd);
}

/** The same without any treatment: each byte as it comes, both ways (cfmakeraw(3)). */
export function rawModes(modes: TerminalModes): TerminalModes {
  const raw = modes.slice();
  const words = new DataView(raw.buffer);
  const change = (at: number, less: number, more = 0): void => {
    words.setUint32(at, (words.getUint32(at, true) & ~less) | more, true);
  };
  change(INPUT, IGNBRK_TO_IXON);
  change(OUTPUT, OPOST);
  change(CONTROL, CSIZE_AND_PARENB, CS8);
  change(LOCAL, ECHO_ECHONL_ICANON_ISIG_IEXTEN);
  return raw;
}

/** @throws SystemCallError where the descriptor is no terminal */
export function readWindowSize(fd: number): WindowSize {
  const size = new Uint16Array(4);
  check('TIOCGWINSZ', ioctl(fd, TIOCGWINSZ, new Uint8Array(size.buffer)), fd);
  return { rows: size[0] ?? 0, columns: size[1] ?? 0 };
}

/** Where it changes, the foreground's processes get SIGWINCH from the kernel. */
export function writeWindowSize(fd: number, { rows, columns }: WindowSize): void {
  const size = new Uint16Array([rows, columns, 0, 0]);
  check('TIOCSWINSZ', ioctl(fd, TIOCSWINSZ, new Uint8Array(size.buffer)), fd);
}

/** The process group that the terminal's keys signal. @returns undefined where it has none, or the terminal is gone */
export function foregroundGroup(fd: number): number | undefined {
  const group = new Int32Array(1);
  const outcome = ioctl(fd, TIOCGPGRP, new Uint8Array(group.buffer));
  return outcome < 0 || group[0] === 0 ? undefined : group[0];
}

/** Hands the terminal to a process group of its session; the caller ignores SIGTTOU, or is in the foreground itself. */
export function setForegroundGroup(fd: number, group: number): void {
  check('TIOCSPGRP', ioctl(fd, TIOCSPGRP, new Uint8Array(new Int32Array([group]).buffer)), fd);
}

function check(name: string, outcome: number, fd: number): void {
  if (outcome < 0) throw new SystemCallError(`ioctl ${name}`, -outcome, fd);
}
