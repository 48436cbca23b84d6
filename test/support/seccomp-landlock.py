"""Becomes a command on a kernel that seems to have less of Landlock: a seccomp filter answers in its place.

seccomp-landlock.py none CMD...      no Landlock at all: every call fails with ENOSYS
seccomp-landlock.py no-scope CMD...  its version is told, and rulesets are refused with EINVAL (RHEL 9)
"""
import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FLAGS = 0, 16 + 2 * 8  # offsets in struct seccomp_data: nr, and the low half of args[2]
LANDLOCK_CREATE_RULESET = 444

filters = {
    "none": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 1, LANDLOCK_CREATE_RULESET),
        (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.ENOSYS),
        (RETURN, 0, 0, SECCOMP_RET_ALLOW),
    ],
    "no-scope": [
        (LOAD, 0, 0, NUMBER),
        (JUMP_EQUAL, 0, 3, LANDLOCK_CREATE_RULESET),
        (LOAD, 0, 0, FLAGS),
        (JUMP_EQUAL, 0, 1, 0),
        (RETURN, 0, 0, SECCOMP_RET_ERRNO | errno.EINVAL),
        (RETURN, 0, 0, SECCOMP_RET_ALLOW),
    ],
}

_, kind, *command = sys.argv
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in filters[kind]))
header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(filters[kind]), ctypes.addressof(program)))
libc = ctypes.CDLL(None, use_errno=True)
for call in [
    (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
    (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0),
]:
    if libc.prctl(*call) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
os.execvp(command[0], command)
