import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * Does this process hold a listening socket at this path? A pid that was told over a socket is only a number: it may be
 * of another PID namespace, and mean another process here.
 *
 * @param pid as the server told it
 * @param socketPath as it was bound
 */
export function isListener(pid: number, socketPath: string): boolean {
  const inodes = inodesAt(readFileSync('/proc/net/unix', 'utf8'), socketPath);
  return inodes.size > 0 && openSockets(pid).some((inode) => inodes.has(inode));
}

/**
 * The inodes of the sockets that are bound to a path.
 *
 * @param table text of /proc/net/unix
 */
export function inodesAt(table: string, socketPath: string): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const line of table.split('\n').slice(1)) {
    // Num RefCount Protocol Flags Type St Inode Path; the path may hold spaces.
    const match = /^\S+ \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/.exec(line);
    if (match?.[1] !== undefined && match[2] === socketPath) inodes.add(match[1]);
  }
  return inodes;
}

function openSockets(pid: number): readonly string[] {
  const folder = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => socketInode(`${folder}/${fd}`));
  } catch {
    // Not ours to look at, or gone: then it is not known to listen.
    return [];
  }
}

function socketInode(link: string): readonly string[] {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
    return inode === undefined ? [] : [inode];
  } catch {
    return [];
  }
}
