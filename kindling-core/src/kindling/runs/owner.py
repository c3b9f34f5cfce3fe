"""The process that owns a run, and whether it still lives.

A process number alone does not say: numbers are given out again. So an owner is the host, the number, and when the
process with that number started.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from kindling.frozen import dataclass

_current: Owner | None = None


@dataclass(frozen=True)
class Owner:
    """The process that owns a run.

    Args:
        host: Name of the machine.
        pid: The process's number there.
        started: When it started, in the words of the operating system; compared and never read. Empty where the
            system does not say.

    Example:
        >>> Owner.current().is_alive()
        True
    """

    host: str
    pid: int
    started: str = ""

    @classmethod
    def current(cls) -> Owner:
        """Return this process as an owner."""
        global _current
        pid = os.getpid()
        if _current is None or _current.pid != pid:  # a forked child is another process
            _current = cls(_host(), pid, _started(pid) or "")
        return _current

    def is_alive(self) -> bool | None:
        """Return whether the process lives; None where it cannot be known from here (another machine, a container)."""
        if self == Owner.current():
            return True
        if self.host != _host():
            return None
        started = _started(self.pid)
        if started is None:
            return False
        if not self.started or not started:
            return True
        mine, _, when = self.started.rpartition("/")
        here, _, now = started.rpartition("/")
        mine_boot, _, mine_space = mine.partition("/")
        here_boot, _, here_space = here.partition("/")
        if mine_boot != here_boot:
            return False  # the machine was started anew since
        if mine_space != here_space:
            return None  # a container that shares the host's name and not its process numbers
        return when == now

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"host": self.host, "pid": self.pid, "started": self.started}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Owner:
        """Return the owner that ``to_dict`` wrote.

        Raises:
            KeyError, ValueError: the data is not an owner's.
        """
        return cls(str(data["host"]), int(data["pid"]), str(data.get("started") or ""))


def _host() -> str:
    if sys.platform == "win32":
        return os.environ.get("COMPUTERNAME", "localhost")
    return os.uname().nodename


# `_started` answers None where no such process lives, and the empty text where one does and nothing more is known.
if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    def _started(pid: int) -> str | None:
        query_limited_information, still_active = 0x1000, 259
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(query_limited_information, False, pid)
        if not handle:
            access_denied = 5
            return "" if ctypes.get_last_error() == access_denied else None
        try:
            code = wintypes.DWORD()
            if kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code)) and code.value != still_active:
                return None
            times = [wintypes.FILETIME() for _ in range(4)]
            if not kernel.GetProcessTimes(wintypes.HANDLE(handle), *(ctypes.byref(item) for item in times)):
                return ""
            return f"windows//{(times[0].dwHighDateTime << 32) | times[0].dwLowDateTime}"
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))

elif sys.platform == "darwin":

    def _started(pid: int) -> str | None:
        import ctypes
        import struct

        # struct proc_bsdinfo of <sys/proc_info.h>, flavour PROC_PIDTBSDINFO: 136 bytes, the start time at its end.
        size, flavour, zombie = 136, 3, 5
        try:
            system = ctypes.CDLL("/usr/lib/libproc.dylib", use_errno=True)
        except OSError:
            return "" if _exists(pid) else None
        buffer = ctypes.create_string_buffer(size)
        if system.proc_pidinfo(pid, flavour, ctypes.c_uint64(0), buffer, size) != size:
            return "" if _exists(pid) else None
        if struct.unpack_from("=I", buffer, 4)[0] == zombie:
            return None
        seconds, microseconds = struct.unpack_from("=QQ", buffer, 120)
        return f"darwin//{seconds}.{microseconds:06d}"

else:

    def _started(pid: int) -> str | None:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - on the path of every run
                # The name, in parentheses, may hold blanks and parentheses of its own; after it, fields 3 and on.
                fields = file.read().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            # Without /proc (a BSD) only whether the number is in use can be known.
            return "" if not os.path.exists("/proc/self/stat") and _exists(pid) else None  # noqa: PTH110
        except OSError:
            return "" if _exists(pid) else None
        if len(fields) < 20:
            return ""
        if fields[0] in (b"Z", b"X"):
            return None  # it has ended, and its parent has not asked how
        return f"{_boot()}/{fields[19].decode()}"

    _boot_text = ""

    def _boot() -> str:
        global _boot_text
        if not _boot_text:
            try:
                with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:  # noqa: PTH123
                    boot = file.read().strip()
                _boot_text = f"{boot}/{os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115
            except OSError:
                _boot_text = "linux/"
        return _boot_text


if sys.platform != "win32":

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
