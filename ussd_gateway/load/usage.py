"""What a process has used: CPU seconds and memory, where there is a /proc to read them from."""

from __future__ import annotations

import os
import re
from pathlib import Path

PROC = Path("/proc")


def cpu_seconds(pid: int, proc: Path = PROC) -> float | None:
    """CPU seconds of a process so far, user and system; None where nobody tells."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name of the program, in brackets, may hold anything
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime and stime, 14 and 15


def resident_mib(pid: int, proc: Path = PROC) -> float | None:
    """MiB of memory that a process holds now; None where nobody tells."""
    try:
        status = (proc / str(pid) / "status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else None
