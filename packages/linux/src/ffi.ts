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
const SYS_LANDLOCK_RESTRICT_SELF = 446;
const SYS_PROCESS_MRELEASE = 448;
/** Older than the common table, so each architecture has its own (asm/unistd_64.h, asm-generic/unistd.h). */
const SYS_MLOCK2 = process.arch === 'arm64' ? 284 : 325;
const SYS_GETDENTS64 = process.arch === 'arm64' ? 61 : 217;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
/** An old call: its number differs. */
const SYS_IOPRIO_SET = process.arch === 'x64' ? 251 : 30;
const IOPRIO_WHO_PROCESS = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const SIG_ERR = -1;

type Syscall = (number: number, a: number, b: number, c: number, d: number) => number;
type Buffers = Uint8Array;

const syscallAsync = libc.func('long syscall(long number, long a, long b, long c, long d)');
const syscall: Syscall = syscallAsync;
const syscallWithBuffer: (number: number, a: number, b: Buffers, c: number) => number = libc.func(
  'long syscall(long number, long a, uint8_t *b, long c)',
);
const syscallOfBuffer: (number: number, buffer: Buffers, size: number, flags: number) => number = libc.func(
  'long syscall(long number, uint8_t *buffer, size_t size, long flags)',
);
const cPrctl: (option: number, a: number, b: number, c: number, d: number) => number = libc.func(
  'int prctl(int option, ulong a, ulong b, ulong c, ulong d)',
);
const cOpen: (path: string, flags: number) => number = libc.func('int open(str path, int flags)');
const cRead: (fd: number, buffer: Buffers, size: number) => number = libc.func(
  'long read(int fd, uint8_t *buffer, size_t size)',
);
const cOpenAt: (folder: number, path: Buffers, flags: number) => number = libc.func(
  'int openat(int folder, uint8_t *path, int flags)',
);
const cPread: (fd: number, buffer: Buffers, size: number, offset: number) => number = libc.func(
  'long pread(int fd, uint8_t *buffer, size_t size, long offset)',
);
const cLseek: (fd: number, offset: number, whence: number) => number = libc.func('long lseek(int fd, long offset, int whence)');
const cClose: (fd: number) => number = libc.func('int close(int fd)');
const cPoll: (fds: Buffers, count: number, timeoutMs: number) => number = libc.func(
  'int poll(uint8_t *fds, ulong count, int timeout)',
);
const cIoctl: (fd: number, request: number, argument: Buffers) => number = libc.func(
  'int ioctl(int fd, ulong request, uint8_t *argument)',
);
const cMadvise: (address: number, length: number, advice: number) => number = libc.func(
  'int madvise(uintptr_t address, size_t length, int advice)',
);
let cTrim: ((pad: number) => number) | undefined;
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
const cPipe2: (fds: Buffers, flags: number) => number = libc.func('int pipe2(uint8_t *fds, int flags)');
const cWaitpid: (pid: number, status: Buffers, options: number) => number = libc.func(
  'int waitpid(int pid, uint8_t *status, int options)',
);
const cSignal: (signal: number, handler: number) => number = libc.func('intptr_t signal(int signal, intptr_t handler)');
type SpawnObject = (object: Buffers) => number;
const cAttrInit: SpawnObject = libc.func('int posix_spawnattr_init(uint8_t *attr)');
const cAttrDestroy: SpawnObject = libc.func('int posix_spawnattr_destroy(uint8_t *attr)');
const cAttrFlags: (attr: Buffers, flags: number) => number = libc.func(
  'int posix_spawnattr_setflags(uint8_t *attr, short flags)',
);
const cAttrDefaults: (attr: Buffers, signals: Buffers) => number = libc.func(
  'int posix_spawnattr_setsigdefault(uint8_t *attr, uint8_t *signals)',
);
const cActionsInit: SpawnObject = libc.func('int posix_spawn_file_actions_init(uint8_t *actions)');
const cActionsDestroy: SpawnObject = libc.func('int posix_spawn_file_actions_destroy(uint8_t *actions)');
const cActionsDup2: (actions: Buffers, fd: number, as: number) => number = libc.func(
  'int posix_spawn_file_actions_adddup2(uint8_t *actions, int fd, int as)',
);
type Words = readonly (string | null)[];
const cSpawn: (pid: [number], path: string, actions: Buffers, attr: Buffers, argv: Words, envp: Words) => number = libc.func(
  'int posix_spawn(_Out_ int *pid, str path, uint8_t *actions, uint8_t *attr, const char **argv, const char **envp)',
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

/** landlock_create_ruleset(2) of a struct landlock_ruleset_attr. @returns a descriptor (close-on-exec), or -errno */
export function landlockCreateRuleset(attributes: Buffers): number {
  return result(syscallOfBuffer(SYS_LANDLOCK_CREATE_RULESET, attributes, attributes.length, 0));
}

/** landlock_restrict_self(2): the calling thread, and what it executes. There is no way back. @returns 0 or -errno */
export function landlockRestrictSelf(ruleset: number): number {
  return result(syscall(SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0, 0));
}

/** prctl(2): what is executed from here gains no privilege (set-user-id, file capabilities). @returns 0 or -errno */
export function setNoNewPrivs(): number {
  return result(cPrctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/** signal(2) with the two dispositions that an exec hands down: 0 is SIG_DFL, 1 is SIG_IGN. @returns 0 or -errno */
export function setSignalDisposition(signal: number, disposition: 0 | 1): number {
  return cSignal(signal, disposition) === SIG_ERR ? -koffi.errno() : 0;
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

/** openat(2) by a path that ends with a NUL in a buffer: no string is made. @returns fd or -errno */
export function openFileAt(folder: number, path: Buffers, flags: number): number {
  return result(cOpenAt(folder, path, flags));
}

/** pread(2) from the file's start. @returns bytes read, or -errno */
export function rereadFile(fd: number, buffer: Buffers, size: number): number {
  return result(cPread(fd, buffer, size, 0));
}

/** getdents64(2). @returns bytes of struct linux_dirent64, 0 at the end, or -errno */
export function readFolder(fd: number, buffer: Buffers, size: number): number {
  return result(syscallWithBuffer(SYS_GETDENTS64, fd, buffer, size));
}

/** process_mrelease(2), Linux 5.15, in the thread pool: it walks all of a process's pages. @returns 0, or -1 for any failure */
export function processMrelease(pidfd: number): Promise<number> {
  return new Promise((resolve) => {
    syscallAsync.async(SYS_PROCESS_MRELEASE, pidfd, 0, 0, 0, (error: unknown, value: number) => {
      resolve(error === null && value === 0 ? 0 : -1);
    });
  });
}

/** mlock2(2) of whole pages. @returns 0 or -errno */
export function lockMemory(address: number, size: number, flags: number): number {
  return result(syscall(SYS_MLOCK2, address, size, flags, 0));
}

/** close(2). @returns 0 or -errno */
export function closeFile(fd: number): number {
  return result(cClose(fd));
}

/** poll(2) over an array of struct pollfd. @returns how many have events, or -errno */
export function poll(fds: Buffers, count: number, timeoutMs: number): number {
  return result(cPoll(fds, count, timeoutMs));
}

/** madvise(2) on a part of this process's own memory. @returns 0 or -errno */
export function adviseMemory(address: number, length: number, advice: number): number {
  return result(cMadvise(address, length, advice));
}

/** malloc_trim(3): free memory goes back to the kernel. Does nothing where the C library has no such function (musl). */
export function trimHeap(): void {
  try {
    cTrim ??= libc.func('int malloc_trim(size_t pad)') as (pad: number) => number;
  } catch {
    return;
  }
  cTrim(0);
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

/** ioctl(2) with an argument in memory. @returns 0 or more, or -errno */
export function ioctl(fd: number, request: number, argument: Buffers): number {
  return result(cIoctl(fd, request, argument));
}

/** pipe2(2); `fds` takes two 32-bit numbers. @returns 0 or -errno */
export function createPipe(fds: Buffers, flags: number): number {
  return result(cPipe2(fds, flags));
}

/** waitpid(2); `status` takes a 32-bit number. @returns the pid, 0 where nothing changed (WNOHANG), or -errno */
export function waitForChild(pid: number, status: Buffers, options: number): number {
  return result(cWaitpid(pid, status, options));
}

/** Ignores a signal in this process (signal(2) with SIG_IGN): for one that Node's loop would catch too late. */
export function ignoreSignal(signal: number): void {
  cSignal(signal, 1);
}

/** What posix_spawn(3) is to do in the child before it becomes the program. */
export interface SpawnPlan {
  readonly path: string;
  readonly argv: readonly string[];
  /** `NAME=value` each. */
  readonly environment: readonly string[];
  /** Descriptors and what they become there, in this order; all others of ours are close-on-exec. */
  readonly descriptors: readonly (readonly [fd: number, as: number])[];
}

/** More than either libc's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t take. */
const spawnObjectBytes = 512;
const POSIX_SPAWN_SETPGROUP = 2;
const POSIX_SPAWN_SETSIGDEF = 4;

/** posix_spawn(3) into a process group of its own, with every signal at its default. @returns the pid, or -errno */
export function spawnInOwnGroup({ path, argv, environment, descriptors }: SpawnPlan): number {
  const [attr, actions] = [new Uint8Array(spawnObjectBytes), new Uint8Array(spawnObjectBytes)];
  const pid: [number] = [0];
  cAttrInit(attr);
  cActionsInit(actions);
  try {
    // The group that is set is 0 unless another is named: the child's own.
    cAttrFlags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    cAttrDefaults(attr, new Uint8Array(spawnObjectBytes).fill(0xff));
    for (const [fd, as] of descriptors) cActionsDup2(actions, fd, as);
    // It returns its error, and leaves errno alone.
    const failure = cSpawn(pid, path, actions, attr, [...argv, null], [...environment, null]);
    return failure === 0 ? pid[0] : -failure;
  } finally {
    cActionsDestroy(actions);
    cAttrDestroy(attr);
  }
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
