import { writeFileSync } from 'node:fs';

/** Where the program's only segment lies. */
const BASE = 0x400000n;
const HEADER_BYTES = 64 + 56;

/**
 * Makes a program for x86_64 that waits for a byte on stdin, forks so many children, prints `done`, and then waits for
 * signals, as all of its children do. It has neither libraries nor heap, so that a child is made in a tenth of the time
 * that a shell takes for one, and ten thousand of them fit into a small machine.
 */
export function writeForker(path: string, children: number): void {
  const count = [...new Uint8Array(new Uint32Array([children]).buffer)];
  const code: readonly (readonly number[])[] = [
    [0x31, 0xc0, 0x31, 0xff], // xor eax, eax (read); xor edi, edi
    [0x48, 0x89, 0xe6, 0xba, 1, 0, 0, 0, 0x0f, 0x05], // mov rsi, rsp; mov edx, 1; syscall
    [0xbb, ...count], // mov ebx, count
    [0xb8, 57, 0, 0, 0, 0x0f, 0x05], // next: mov eax, fork; syscall
    [0x85, 0xc0, 0x74, 0x1e, 0x78, 0x25], // test eax, eax; jz wait; js fail
    [0xff, 0xcb, 0x75, 0xef], // dec ebx; jnz next
    [0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0], // mov eax, write; mov edi, 1
    [0x48, 0x8d, 0x35, 0x1c, 0, 0, 0], // lea rsi, [rip + text]
    [0xba, 5, 0, 0, 0, 0x0f, 0x05], // mov edx, 5; syscall
    [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7], // wait: mov eax, pause; syscall; jmp wait
    [0xb8, 60, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x0f, 0x05], // fail: mov eax, exit; mov edi, 1; syscall
    [...Buffer.from('done\n')], // text
  ];
  const bytes = Buffer.from(code.flat());
  writeFileSync(path, Buffer.concat([header(bytes.length), bytes]), { mode: 0o755 });
}

/** An ELF header and the header of one segment, which is the whole file (elf(5)). */
function header(codeBytes: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16); // ET_EXEC
  bytes.writeUInt16LE(62, 18); // EM_X86_64
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BASE + BigInt(HEADER_BYTES), 24); // entry
  bytes.writeBigUInt64LE(64n, 32); // offset of the segment's header
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, 64); // PT_LOAD
  bytes.writeUInt32LE(5, 68); // read and execute
  bytes.writeBigUInt64LE(BASE, 80);
  bytes.writeBigUInt64LE(BASE, 88);
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES + codeBytes), 96);
  bytes.writeBigUInt64LE(BigInt(HEADER_BYTES + codeBytes), 104);
  bytes.writeBigUInt64LE(0x1000n, 112);
  return bytes;
}
