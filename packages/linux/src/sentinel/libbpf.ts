/**
 * libbpf.so.1 and memory maps through koffi, and the one file here that knows koffi. Every function follows the
 * kernel's own convention: a result of 0 or more, or the negated error number. The typed classes stand in the files
 * that use it. The library is loaded with the first use: a program without a sentinel never needs it.
 */
import koffi from 'koffi';

/** A pointer into native memory; 0n is none. */
export type Pointer = bigint;
type Bytes = Uint8Array;

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

type Integer = (...args: readonly (number | bigint | string | boolean | Bytes | null)[]) => number;
type Pointing = (...args: readonly (number | bigint | string | Bytes | null)[]) => Pointer | null;

function bind() {
  const library = koffi.load('libbpf.so.1');
  const integer = (declaration: string): Integer => library.func(declaration);
  const pointing = (declaration: string): Pointing => library.func(declaration);
  // What it has to say to stderr would stand between a daemon's lines of JSON; the kernel's log is asked for instead.
  pointing('void *libbpf_set_print(void *print)')(null);
  return {
    open: pointing('void *bpf_object__open_mem(uint8_t *image, size_t size, void *options)'),
    load: integer('int bpf_object__load(void *object)'),
    closeObject: integer('void bpf_object__close(void *object)'),
    program: pointing('void *bpf_object__find_program_by_name(void *object, str name)'),
    setAutoload: integer('int bpf_program__set_autoload(void *program, bool autoload)'),
    setLog: integer('int bpf_program__set_log_buf(void *program, uint8_t *log, size_t size)'),
    attach: pointing('void *bpf_program__attach(void *program)'),
    linkFd: integer('int bpf_link__fd(void *link)'),
    pin: integer('int bpf_obj_pin(int fd, str path)'),
    openPinned: integer('int bpf_obj_get(str path)'),
    destroyLink: integer('int bpf_link__destroy(void *link)'),
    map: pointing('void *bpf_object__find_map_by_name(void *object, str name)'),
    mapFd: integer('int bpf_map__fd(void *map)'),
    setMaxEntries: integer('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    lookup: integer('int bpf_map_lookup_elem(int fd, uint8_t *key, uint8_t *value)'),
    update: integer('int bpf_map_update_elem(int fd, uint8_t *key, uint8_t *value, uint64_t flags)'),
    remove: integer('int bpf_map_delete_elem(int fd, uint8_t *key)'),
    take: integer('int bpf_map_lookup_and_delete_elem(int fd, uint8_t *key, uint8_t *value)'),
    nextKey: integer('int bpf_map_get_next_key(int fd, uint8_t *key, uint8_t *next)'),
    loadProgram: integer(
      'int bpf_prog_load(int type, str name, str license, uint8_t *instructions, size_t count, uint8_t *options)',
    ),
  };
}

let bound: ReturnType<typeof bind> | undefined;

/** @throws Error where the dynamic linker does not find libbpf.so.1 */
export function libbpf(): ReturnType<typeof bind> {
  bound ??= bind();
  return bound;
}

/** What a function that points says: the pointer, or the negated error number. */
export function pointed(pointer: Pointer | null): { pointer: Pointer } | { errno: number } {
  // libbpf 1.x: NULL and errno.
  return pointer === null || pointer === 0n ? { errno: koffi.errno() } : { pointer };
}

const libc = koffi.load(null);
const cMmap: Pointing = libc.func('void *mmap(void *address, size_t size, int protection, int flags, int fd, long offset)');
const cMunmap: Integer = libc.func('int munmap(void *address, size_t size)');

/** Memory that is shared with the kernel. It must not be touched after `unmap`: that ends the program. */
export interface MappedMemory {
  readonly memory: ArrayBuffer;
  /** Idempotent. */
  unmap(): void;
}

/**
 * mmap(2), shared.
 * @param size bytes
 * @param offset bytes, a multiple of the page's size
 * @returns the memory, or -errno
 */
export function mapShared(fd: number, size: number, offset: number, writable: boolean): MappedMemory | number {
  const protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  const address = cMmap(null, size, protection, MAP_SHARED, fd, offset);
  // MAP_FAILED is (void *)-1.
  if (address === null || address === 2n ** 64n - 1n || address === -1n) return -koffi.errno();
  let mapped = true;
  const unmap = (): void => {
    if (mapped) cMunmap(address, size);
    mapped = false;
  };
  return { memory: koffi.view(address, size), unmap };
}
