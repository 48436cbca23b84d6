import { EPERM } from '../errno.ts';
import { closeFile } from '../ffi.ts';
import { libbpf } from './libbpf.ts';

// include/uapi/linux/bpf.h
const BPF_PROG_TYPE_LSM = 29;
const BPF_LSM_MAC = 27;

/** `return 0`, in two instructions of 8 bytes: mov r0, 0; exit. */
const NOTHING = new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
const INSTRUCTIONS = 2;

/** struct bpf_prog_load_opts of libbpf 1.0, up to attach_btf_id. */
const OPTIONS_BYTES = 40;
const EXPECTED_ATTACH_TYPE_OFFSET = 12;

/**
 * Does this kernel refuse programs of the guard's kind whatever they do? Some do, although the list of its security
 * modules has `bpf`. Asked with a program that is attached to nothing: then the only answer that can come before the
 * complaint about that is EPERM. Where it does not come, loading the guard tells more, and takes three hundred times as long.
 */
export function refusesLsmPrograms(): boolean {
  const options = new DataView(new ArrayBuffer(OPTIONS_BYTES));
  options.setBigUint64(0, BigInt(OPTIONS_BYTES), true);
  options.setUint32(EXPECTED_ATTACH_TYPE_OFFSET, BPF_LSM_MAC, true);
  const bytes = new Uint8Array(options.buffer);
  const fd = libbpf().loadProgram(BPF_PROG_TYPE_LSM, 'probe', 'GPL', NOTHING, INSTRUCTIONS, bytes);
  if (fd >= 0) closeFile(fd);
  return fd === -EPERM;
}
