"""A process is known again, and its number given to another one is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from kindling.runs.owner import Owner

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="as Linux says it")
WAITING = (
    "import sys; from kindling.runs.owner import Owner; print(repr(Owner.current()), flush=True); sys.stdin.read()"
)


def test_this_process_lives() -> None:
    assert Owner.current().is_alive() is True
    assert Owner.current().pid == os.getpid()
    assert Owner.from_dict(Owner.current().to_dict()) == Owner.current()


def test_another_process_lives_until_it_ends() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        owner: Owner = eval(child.stdout.readline(), {"Owner": Owner})
        assert owner.pid == child.pid
        assert owner.is_alive() is True
        child.kill()
        child.wait()
        assert owner.is_alive() is False


@linux
def test_a_process_that_has_ended_and_was_not_asked_how_is_dead() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        owner: Owner = eval(child.stdout.readline(), {"Owner": Owner})
        os.kill(child.pid, signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays in the table as a zombie
        assert owner.is_alive() is False


@linux
def test_a_number_that_was_given_out_again_is_another_process() -> None:
    me = Owner.current()
    where, _, when = me.started.rpartition("/")
    assert Owner(me.host, me.pid, f"{where}/{int(when) - 1}").is_alive() is False


@linux
def test_a_process_from_before_the_machine_was_started_is_dead() -> None:
    me = Owner.current()
    _, _, rest = me.started.partition("/")
    assert Owner(me.host, me.pid, f"00000000-0000-0000-0000-000000000000/{rest}").is_alive() is False


@linux
def test_a_process_in_another_container_cannot_be_known() -> None:
    me = Owner.current()
    boot, _, rest = me.started.partition("/")
    _, _, when = rest.rpartition("/")
    assert Owner(me.host, me.pid, f"{boot}/pid:[1]/{when}").is_alive() is None


def test_a_process_on_another_machine_cannot_be_known() -> None:
    assert Owner("another-machine", os.getpid(), "x").is_alive() is None


def test_where_the_start_is_not_known_the_number_decides() -> None:
    assert Owner(Owner.current().host, os.getpid(), "").is_alive() is True
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert Owner(Owner.current().host, child.pid, "").is_alive() is False


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_is_an_owner_of_its_own() -> None:
    assert threading.active_count() >= 1
    parent = Owner.current()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        mine = Owner.current()
        os.write(writing, f"{mine.pid} {mine != parent}".encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said == f"{child} True"
