/** A reader of BTF (Documentation/bpf/btf.rst), as much of it as tells where the members of structures lie. */

export interface BtfStruct {
  readonly size: number;
  /** Offset of each member, bytes. */
  readonly members: Readonly<Record<string, number>>;
}

const BTF_MAGIC = 0xeb9f;
const KIND = { array: 3, struct: 4, union: 5, enum: 6, proto: 13, variable: 14, section: 15, tag: 17, enum64: 19, integer: 1 };

/** The structures that an object file's BTF describes, by name. */
export function readBtfStructs(object: Buffer): Map<string, BtfStruct> {
  const btf = section(object, '.BTF');
  if (btf.readUInt16LE(0) !== BTF_MAGIC) throw new Error('no BTF');
  const headerBytes = btf.readUInt32LE(4);
  const types = btf.subarray(headerBytes + btf.readUInt32LE(8)).subarray(0, btf.readUInt32LE(12));
  const strings = btf.subarray(headerBytes + btf.readUInt32LE(16));
  const found = new Map<string, BtfStruct>();
  for (let at = 0; at < types.length;) {
    const info = types.readUInt32LE(at + 4);
    const kind = (info >>> 24) & 0x1f;
    const count = info & 0xffff;
    if (kind === KIND.struct) {
      const members: Record<string, number> = {};
      for (let member = 0; member < count; member += 1) {
        const entry = at + 12 + member * 12;
        members[text(strings, types.readUInt32LE(entry))] = (types.readUInt32LE(entry + 8) & 0xff_ffff) / 8;
      }
      found.set(text(strings, types.readUInt32LE(at)), { size: types.readUInt32LE(at + 8), members });
    }
    at += 12 + bytesBehind(kind, count);
  }
  return found;
}

function bytesBehind(kind: number, count: number): number {
  switch (kind) {
    case KIND.integer:
    case KIND.variable:
    case KIND.tag:
      return 4;
    case KIND.array:
      return 12;
    case KIND.struct:
    case KIND.union:
    case KIND.section:
    case KIND.enum64:
      return 12 * count;
    case KIND.enum:
    case KIND.proto:
      return 8 * count;
    default:
      return 0;
  }
}

function text(strings: Buffer, at: number): string {
  return strings.toString('latin1', at, strings.indexOf(0, at));
}

/** A section of a 64-bit little-endian ELF file (elf(5)). */
function section(object: Buffer, name: string): Buffer {
  const headers = Number(object.readBigUInt64LE(0x28));
  const entryBytes = object.readUInt16LE(0x3a);
  const count = object.readUInt16LE(0x3c);
  const body = (index: number): Buffer => {
    const at = headers + index * entryBytes;
    const offset = Number(object.readBigUInt64LE(at + 0x18));
    return object.subarray(offset, offset + Number(object.readBigUInt64LE(at + 0x20)));
  };
  const names = body(object.readUInt16LE(0x3e));
  for (let index = 0; index < count; index += 1) {
    if (text(names, object.readUInt32LE(headers + index * entryBytes)) === name) return body(index);
  }
  throw new Error(`no section ${name}`);
}
