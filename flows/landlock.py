"""Linux's Landlock: a thread gives up, for good, to write or run files, or to open connections. What it starts inherits that.

It is the second wall around the SQL of users: what `flows.statements` does not see cannot write either. Three system calls, no package;
where the kernel has no Landlock (before 5.13, or other systems) the first wall stands alone.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
"""Numbers of the calls, the same on every processor that Linux 5.13 runs on but Alpha."""
_VERSION, _PATH_BENEATH, _NO_NEW_PRIVILEGES = 1, 1, 38
_EXECUTE = 1 << 0
_WRITE = 1 << 1 | sum(1 << n for n in range(4, 13))
"""Write a file; remove, make or link one of any kind."""
_LATER = {2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
"""Version of Landlock → what it can forbid besides: move between folders, cut a file, drive a device."""
_NETWORK_FROM, _TCP = 4, 3


def confine(writable: Iterable[Path | str] = ()) -> bool:
    """Forbid this thread, and all it starts from now on, to write, make, move or remove files, run programs and open or accept connections.

    Files and connections that are open stay so; reading stays free.
    Args:
        writable: folders that stay writable, with all below them.
    Returns:
        Whether the kernel does it.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    call = libc.syscall
    version = call(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    files = _WRITE | sum(bit for since, bit in _LATER.items() if version >= since)
    rules = (
        struct.pack("=QQ", files | _EXECUTE, _TCP) if version >= _NETWORK_FROM else struct.pack("=Q", files | _EXECUTE)
    )
    held = call(_CREATE, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0))
    if held < 0:
        return False
    try:
        for folder in writable:
            at = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", files, at)
                if call(_ADD_RULE, held, _PATH_BENEATH, rule, ctypes.c_uint32(0)):
                    return False
            finally:
                os.close(at)
        no = ctypes.c_ulong(0)
        if libc.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), no, no, no):
            return False
        return bool(call(_RESTRICT, held, ctypes.c_uint32(0)) == 0)
    finally:
        os.close(held)
