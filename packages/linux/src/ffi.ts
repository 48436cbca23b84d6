/**
 * What Node lacks of libc, through koffi, and the one file that knows koffi. Every function follows the kernel's own
 * convention: a result of 0 or more, or the negated error number. The typed classes stand in the files that use it.
 * koffi sets 3 MiB of address space aside for its calls, of which these touch little.
 */
import koffi from 'koffi';

/** The program itself: glibc or musl, whichever node is linked with. */
const libc = koffi.load(null);

// The same numbers on every architecture (include/uapi/asm-generic/unistd.h). By number, for glibc has no wrappers before 2.36.
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
/** An old call: its number differs. */
const SYS_IOPRIO_SET = process.arch === 'x64' ? 251 : 30;
const IOPRIO_WHO_PROCESS = 1;

type Syscall = (number: number, a: number, b: number, c: number, d: number) => number;
type Buffers = Uint8Array;

const syscall: Syscall = libc.func('long syscall(long number, long a, long b, long c, long d)');
const cOpen: (path: string, flags: number) => number = libc.func('int open(str path, int flags)');
const cRead: (fd: number, buffer: Buffers, size: number) => number = libc.func(
  'long read(int fd, uint8_t *buffer, size_t size)',
);
const cLseek: (fd: number, offset: number, whence: number) => number = libc.func('long lseek(int fd, long offset, int whence)');
const cClose: (fd: number) => number = libc.func('int close(int fd)');
const cPoll: (fds: Buffers, count: number, timeoutMs: number) => number = libc.func(
  'int poll(uint8_t *fds, ulong count, int timeout)',
);
const cIoctl: (fd: number, request: number, argument: Buffers) => number = libc.func(
  'int ioctl(int fd, ulong request, uint8_t *argument)',
);
const cFlock: (fd: number, operation: number) => number = libc.func('int flock(int fd, int operation)');
const cSysconf: (name: number) => number = libc.func('long sysconf(int name)');
const cClockGettime: (clock: number, time: Buffers) => number = libc.func('int clock_gettime(int clock, uint8_t *time)');
const cGetsockopt: (fd: number, level: number, option: number, value: Buffers, size: Buffers) => number = libc.func(
  'int getsockopt(int fd, int level, int option, uint8_t *value, uint8_t *size)',
);
const cSocket: (domain: number, type: number, protocol: number) => number = libc.func(
  'int socket(int domain, int type, int protocol)',
);
const cEpollCreate1: (flags: number) => number = libc.func('int epoll_create1(int flags)');
const cEpollCtl: (epoll: number, operation: number, fd: number, event: Buffers | null) => number = libc.func(
  'int epoll_ctl(int epoll, int operation, int fd, uint8_t *event)',
);
const cEpollWait: (epoll: number, events: Buffers, count: number, timeoutMs: number) => number = libc.func(
  'int epoll_wait(int epoll, uint8_t *events, int count, int timeout)',
);

function result(value: number): number {
  return value < 0 ? -koffi.errno() : value;
}

/** pidfd_open(2). @returns a descriptor (close-on-exec), or -errno */
export function pidfdOpen(pid: number): number {
  return result(syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0));
}

/** pidfd_send_signal(2), as kill(2) sends it. @returns 0 or -errno */
export function pidfdSendSignal(pidfd: number, signal: number): number {
  return result(syscall(SYS_PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0));
}

/** landlock_create_ruleset(2) asked for its version. @returns the ABI, or -errno */
export function landlockAbi(): number {
  return result(syscall(SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0));
}

/** ioprio_set(2) for one process. @returns 0 or -errno */
export function ioprioSet(pid: number, value: number): number {
  return result(syscall(SYS_IOPRIO_SET, IOPRIO_WHO_PROCESS, pid, value, 0));
}

/** open(2) of what is there already; unlike fs.openSync, a file that is gone costs no exception. @returns fd or -errno */
export function openFile(path: string, flags: number): number {
  return result(cOpen(path, flags));
}

/** read(2) into the buffer's start. @returns bytes read, 0 at the end, or -errno */
export function readFile(fd: number, buffer: Buffers, size: number): number {
  return result(cRead(fd, buffer, size));
}

/** lseek(2). @returns the new offset, or -errno */
export function seekFile(fd: number, offset: number, whence: number): number {
  return result(cLseek(fd, offset, whence));
}

/** close(2). @returns 0 or -errno */
export function closeFile(fd: number): number {
  return result(cClose(fd));
}

/** poll(2) over an array of struct pollfd. @returns how many have events, or -errno */
export function poll(fds: Buffers, count: number, timeoutMs: number): number {
  return result(cPoll(fds, count, timeoutMs));
}

/** ioctl(2) with a structure. @returns 0 or more, or -errno */
export function control(fd: number, request: number, argument: Buffers): number {
  return result(cIoctl(fd, request, argument));
}

/** flock(2). @returns 0 or -errno */
export function flock(fd: number, operation: number): number {
  return result(cFlock(fd, operation));
}

/** sysconf(3). @returns the value, or -1 where the name is unknown */
export function sysconf(name: number): number {
  return cSysconf(name);
}

/** clock_gettime(2) into a struct timespec (two 64-bit numbers). @returns 0 or -errno */
export function clockGettime(clock: number, time: Buffers): number {
  return result(cClockGettime(clock, time));
}

/** socket(2). @returns a descriptor, or -errno */
export function createSocket(domain: number, type: number): number {
  return result(cSocket(domain, type, 0));
}

/** getsockopt(2); `size` holds a 32-bit length, before and after. @returns 0 or -errno */
export function getSocketOption(fd: number, level: number, option: number, value: Buffers, size: Buffers): number {
  return result(cGetsockopt(fd, level, option, value, size));
}

/** epoll_create1(2). @returns a descriptor, or -errno */
export function epollCreate(flags: number): number {
  return result(cEpollCreate1(flags));
}

/** epoll_ctl(2); `event` in the layout of epoll.ts. @returns 0 or -errno */
export function epollControl(epoll: number, operation: number, fd: number, event: Buffers | null): number {
  return result(cEpollCtl(epoll, operation, fd, event));
}

/** epoll_wait(2). @returns how many events were written, or -errno */
export function epollWait(epoll: number, events: Buffers, count: number, timeoutMs: number): number {
  return result(cEpollWait(epoll, events, count, timeoutMs));
}

/** A descriptor that Node's own event loop watches, until it is closed. */
export interface LoopWatch {
  close(): void;
}

/**
 * Has Node's event loop call back whenever the descriptor is readable (level-triggered, uv_poll): no thread waits.
 * The watch alone does not keep the process running.
 *
 * The addon calls from outside of Node's callback scope, where neither promises nor exceptions are handled as usual;
 * an immediate, which runs right after this phase of the loop, brings the call back inside.
 */
export function watchReadable(fd: number, onReadable: () => void): LoopWatch {
  const handle = koffi.node.poll(fd, { readable: true }, () => setImmediate(onReadable));
  handle.unref();
  if (!closesAtExit) process.once('exit', closeAll);
  closesAtExit = true;
  open.add(handle);
  return {
    close: () => {
      open.delete(handle);
      handle.close();
    },
  };
}

/**
 * Node runs its loop once more when it takes itself down, and the addon would call back into a JavaScript that is gone:
 * the process would abort. So whatever is open at the exit is closed there.
 */
const open = new Set<LoopWatch>();
let closesAtExit = false;

function closeAll(): void {
  for (const handle of open) handle.close();
  open.clear();
}

/** Can the dynamic linker load this library (dlopen(3))? It is unloaded again. */
export function canLoadLibrary(name: string): boolean {
  try {
    koffi.load(name).unload();
    return true;
  } catch {
    return false;
  }
}
