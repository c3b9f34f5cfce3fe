"""Messages between an app's process and the one that started it: JSON documents over an inherited pipe.

Data, never pickles: what a child sends is made by the app's code.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess


class Channel:
    """One end of the pipe. Sending is thread-safe; receiving is for one thread.

    Args:
        connection: The end.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def pair(cls) -> tuple[Channel, Channel]:
        """Return both ends of a new pipe: one's own, and the child's."""
        own, childs = Pipe(duplex=True)
        return cls(own), cls(childs)

    @classmethod
    def inherited(cls, handle: int) -> Channel:
        """Return the end that a process was given when it was started.

        Args:
            handle: What :meth:`hand_over` returned to the process that started it.
        """
        if os.name == "nt":
            from multiprocessing.connection import PipeConnection  # type: ignore[attr-defined,unused-ignore]

            return cls(PipeConnection(handle))
        os.set_inheritable(handle, False)  # it is not for the app's own children
        return cls(Connection(handle))

    def hand_over(self, arguments: dict[str, Any]) -> int:
        """Arrange that a process inherits this end.

        Args:
            arguments: Keywords for ``subprocess.Popen``; what is needed is added.

        Returns:
            The number by which the process finds it.
        """
        handle: int = self._connection.fileno()
        if os.name == "nt":
            # https://docs.python.org/3/library/subprocess.html#subprocess.STARTUPINFO.lpAttributeList
            os.set_handle_inheritable(handle, True)  # type: ignore[attr-defined,unused-ignore]
            startup: subprocess.STARTUPINFO = arguments["startupinfo"]  # type: ignore[name-defined,unused-ignore]
            startup.lpAttributeList = {"handle_list": [handle]}
        else:
            arguments["pass_fds"] = (handle,)
        return handle

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send a message.

        Args:
            message: Plain data.

        Returns:
            Whether there was somebody to take it.
        """
        data = json.dumps(message).encode()
        with self._lock:
            try:
                self._connection.send_bytes(data)
            except OSError:
                return False
        return True

    def waits(self, seconds: float) -> bool:
        """Return whether a message, or the end, comes within so many seconds.

        Raises:
            OSError: the channel is broken.
        """
        return bool(self._connection.poll(seconds))

    def receive(self) -> dict[str, Any]:
        """Wait for a message and return it.

        Raises:
            EOFError: the other side has ended.
            OSError: the same, less politely.
        """
        message: dict[str, Any] = json.loads(self._connection.recv_bytes())
        return message

    def close(self) -> None:
        """Close this end."""
        self._connection.close()
