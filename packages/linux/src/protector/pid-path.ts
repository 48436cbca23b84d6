const files = { stat: suffix('stat'), status: suffix('status') } as const;

/** Room for ten digits, the longest name and its NUL. */
const path = Buffer.alloc(32);

function suffix(name: string): Buffer {
  return Buffer.from(`/${name}\0`, 'latin1');
}

/**
 * The path of a process's file in /proc, for openat(2): `4242/stat` and a NUL. The one buffer is written anew at each call,
 * so that a look through thousands of processes makes no strings.
 *
 * @param pid positive
 */
export function pidPath(pid: number, file: keyof typeof files): Buffer {
  let digits = 1;
  for (let rest = pid; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  let rest = pid;
  for (let at = digits - 1; at >= 0; at -= 1) {
    path[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  files[file].copy(path, digits);
  return path;
}
