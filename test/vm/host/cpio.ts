import { readFile, readlink } from 'node:fs/promises';

/** One entry of an archive; what stands in it comes from a file, a text or a link's target. */
export type CpioEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode?: number }
  | {
      readonly kind: 'text';
      readonly path: string;
      readonly text: string;
      readonly mode?: number;
      readonly mtimeSeconds?: number;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly from: string; readonly mode?: number }
  /** A link of the host's, as it is. */
  | { readonly kind: 'linkOf'; readonly path: string; readonly from: string };

// st_mode's file types (inode(7)).
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

/**
 * An archive as the kernel unpacks it at boot (Documentation/driver-api/early-userspace/buffer-format.rst, "newc"): all
 * is root's, nothing depends on the machine's clock or on who packs it, and no device node needs a privilege. Archives
 * can be put one behind the other, so that the large one that seldom changes is made once.
 *
 * @param entries in the order in which they are unpacked; folders that are missing are put in before
 */
export async function* cpio(entries: Iterable<CpioEntry>): AsyncGenerator<Buffer> {
  const folders = new Set<string>();
  let inode = 0;
  const member = (path: string, mode: number, content: Buffer, time = 0): Buffer => {
    inode += 1;
    return encode(path, mode, content, { inode, time });
  };
  for (const entry of entries) {
    for (const folder of foldersAbove(entry.path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      yield member(folder, S_IFDIR | 0o755, Buffer.alloc(0));
    }
    if (entry.kind === 'folder') {
      if (folders.has(entry.path)) continue;
      folders.add(entry.path);
    }
    yield member(entry.path, modeOf(entry), await contentOf(entry), entry.kind === 'text' ? entry.mtimeSeconds : 0);
  }
  yield encode('TRAILER!!!', 0, Buffer.alloc(0), { inode: 0, time: 0 });
}

function modeOf(entry: CpioEntry): number {
  switch (entry.kind) {
    case 'folder':
      return S_IFDIR | (entry.mode ?? 0o755);
    case 'text':
    case 'file':
      return S_IFREG | (entry.mode ?? 0o644);
    case 'link':
    case 'linkOf':
      return S_IFLNK | 0o777;
  }
}

async function contentOf(entry: CpioEntry): Promise<Buffer> {
  switch (entry.kind) {
    case 'folder':
      return Buffer.alloc(0);
    case 'text':
      return Buffer.from(entry.text);
    case 'file':
      return await readFile(entry.from);
    case 'link':
      return Buffer.from(entry.target);
    case 'linkOf':
      return Buffer.from(await readlink(entry.from));
  }
}

/** `a/b/c` lies in `a` and `a/b`. */
function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

const MAGIC = '070701';
const HEADER_BYTES = 110;

function encode(path: string, mode: number, content: Buffer, { inode, time }: { inode: number; time: number }): Buffer {
  const name = Buffer.from(`${path}\0`);
  const [uid, gid, links, device] = [0, 0, 1, 0];
  const fields = [inode, mode, uid, gid, links, time, content.length, device, device, device, device, name.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([Buffer.from(header), name, padding(HEADER_BYTES + name.length), content, padding(content.length)]);
}

/** Header and content each end at a multiple of 4. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
