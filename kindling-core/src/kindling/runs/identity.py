"""Run ids: they sort by the time at which they were made, and two are never the same."""

from __future__ import annotations

import functools
import os
import re
import threading
import time
from datetime import date, datetime, timezone

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"  # 32 digits in code point order, so that text sorts as the number does
_PATTERN = re.compile(r"(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})(\d{3})-[0-9a-z]{8,16}")
_PER_MILLISECOND = 32 * 32

_lock = threading.Lock()
_last = (0, 0, 0)  # process, millisecond, how many ids before in that millisecond


def new_run_id() -> str:
    """Return an id for a run that starts now.

    Ids made one after the other in one process sort in that order, also within a millisecond, and also where the
    clock is set back meanwhile. Forty random bits tell processes apart.

    Returns:
        For example ``20261121t113105123-00k3v9x2ab``: UTC to the millisecond, a counter, and what is random.

    Example:
        >>> first, second = new_run_id(), new_run_id()
        >>> first < second
        True
    """
    global _last
    with _lock:
        process, millisecond, before = _last
        now = time.time_ns() // 1_000_000
        if process != os.getpid() or now > millisecond:
            # A forked child starts anew: it must not go on counting where its parent does, too.
            millisecond, before = now, 0
        else:
            before += 1
            if before == _PER_MILLISECOND:
                millisecond, before = millisecond + 1, 0
        _last = (os.getpid(), millisecond, before)
    seconds, rest = divmod(millisecond, 1000)
    moment = time.gmtime(seconds)
    counter = _ALPHABET[before // 32] + _ALPHABET[before % 32]
    noise = int.from_bytes(os.urandom(5), "big")
    random = "".join(_ALPHABET[(noise >> shift) & 31] for shift in range(35, -1, -5))
    return f"{time.strftime('%Y%m%dt%H%M%S', moment)}{rest:03d}-{counter}{random}"


@functools.lru_cache(maxsize=1024)
def is_run_id(text: str) -> bool:
    """Whether a text is a run id of Kindling's own.

    Example:
        >>> is_run_id(new_run_id()), is_run_id("../etc/passwd")
        (True, False)
    """
    try:
        time_of(text)
    except ValueError:
        return False
    return True


def time_of(run_id: str) -> datetime:
    """Return when a run id was made, to the millisecond.

    Args:
        run_id: A run id of Kindling's own.

    Raises:
        ValueError: it is not one.

    Example:
        >>> time_of("20261121t113105123-00k3v9x2ab").isoformat()
        '2026-11-21T11:31:05.123000+00:00'
    """
    match = _PATTERN.fullmatch(run_id)
    if match is None:
        raise ValueError(f"{run_id!r} is not a run id")
    year, month, day, hour, minute, second, millisecond = (int(part) for part in match.groups())
    return datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=timezone.utc)


def date_of(run_id: str) -> date:
    """Return the day, in UTC, whose folder keeps a run.

    Raises:
        ValueError: it is not a run id of Kindling's own.

    Example:
        >>> date_of("20261121t113105123-00k3v9x2ab").isoformat()
        '2026-11-21'
    """
    return time_of(run_id).date()


def folder_of(run_id: str) -> str:
    """Return the name of the folder that keeps a run: its day, in UTC.

    Args:
        run_id: A run id of Kindling's own, as ``is_run_id`` says.

    Example:
        >>> folder_of("20261121t113105123-00k3v9x2ab")
        '2026-11-21'
    """
    return f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}"
