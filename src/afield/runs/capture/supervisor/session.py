"""The supervisor of one run, seen from `afield`: begin it, start the command under it, read it.

The command is started by a thread that wears the filter, so that nothing of ours runs between
its fork and its exec, and its parent is who it would be without us. The thread waits until the
end: who asks to be told of its parent's death means that thread.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from _socket import SHUT_RDWR, socketpair  # `socket` takes longer to load
from collections.abc import Callable, Iterator, Sequence
from time import monotonic_ns
from typing import TypeVar

from afield.runs.capture.supervisor import late
from afield.runs.capture.supervisor.bpf import build
from afield.runs.capture.supervisor.events import Event, Gap, parse
from afield.runs.capture.supervisor.install import Installer
from afield.runs.capture.supervisor.known import Nobodys
from afield.runs.capture.supervisor.log import LogFollower
from afield.runs.capture.supervisor.numbers import this_machine
from afield.runs.capture.supervisor.page import IDLE, LOST, SERVING, Page
from afield.runs.capture.supervisor.preflight import VFORK, reads_apart
from afield.runs.capture.supervisor.serve import answer, nobody_asks, serve, wake_quickly

T = TypeVar("T")

_TAKEN_WITHIN_S = 10
"""How long a listener may be under way that the command has handed over."""

_PATIENCE_MS = 300
"""After the command's end: how long the kernel is given to say that nobody of the run is left."""

_PACKAGE = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
_STAND = """
import os, sys
package = sys.modules["afield"] = type(sys)("afield")  # of it nothing is wanted but this folder
package.__path__ = [sys.argv.pop()]  # ambient: its own command line
from afield.runs.capture.supervisor.stand import main
main(*sys.argv[1:])  # ambient: the same
os._exit(0)  # the run's end waits for this one
"""


class Supervisor:
    """Watches one command from its first exec on; `begin`, `start`, then `poll` until `stop`.

    `folder` takes the log: an absolute path of a folder of this run alone. Of a run
    that had another supervisor `poll` alone gives what that had written. `apart`: a process
    looks at what is asked, else a thread of this one; by default as the system allows.
    """

    def __init__(self, folder: str, *, apart: bool | None = None) -> None:
        machine = this_machine()
        assert machine is not None, "preflight comes first"
        self._installer = Installer(machine, build(machine))
        self._folder = folder
        self._machine = machine
        self._apart = reads_apart() if apart is None else apart
        self._nobodys = Nobodys()
        self._waker: tuple[int, int] | None = None
        self._follower = LogFollower(folder)
        self._channel: late.Door | None = None
        self._listener: int | None = None
        self._page: Page | None = None
        self._stand: subprocess.Popen[bytes] | None = None
        self._stand_in: threading.Thread | None = None
        self._wearer: threading.Thread | None = None
        self._dressed, self._over = threading.Event(), threading.Event()
        self._door: late.Door | None = None
        self._gaps: list[str] = []
        self._events = 0
        self._was_heard = False

    def begin(
        self, nobodys: Nobodys | None = None, *, packages: Sequence[str] | None = None
    ) -> bool:
        """Start the processes that will answer; they wait for the listener.

        What lies in folders of `nobodys` is not told. `packages` are given for a command that
        calls by itself before anything can be missed (see `hooked`): then this returns true
        where the kernel lets it, and the command is started without `start`.

        Raises:
            OSError: no process or no memory can be had.
        """
        self._nobodys = nobodys or self._nobodys
        page_fd = os.memfd_create("afield-supervisor")
        ours, theirs = socketpair()
        try:
            os.ftruncate(page_fd, 4096)
            self._page = Page(page_fd)
            if packages is not None:
                self._open_door(packages)
            door = [] if self._door is None else [self._door.fileno()]
            argv = [sys.executable, "-I", "-S", "-c", _STAND, str(theirs.fileno()), str(page_fd)]
            argv += ["".join(map(str, door)), self._folder if self._apart else ""]
            self._stand = subprocess.Popen(
                [*argv, *_words(self._nobodys), _PACKAGE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), page_fd, *door),
                start_new_session=True,  # the terminal's keys are not for it
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(page_fd)
        self._channel = ours
        self._waker = os.pipe()
        if self._door is not None:
            self._stand_in = threading.Thread(target=self._expect, name="afield-hold", daemon=True)
            self._stand_in.start()
        return self._door is not None

    def _open_door(self, packages: Sequence[str]) -> None:
        flags = self._installer.flags_for_all_threads()
        if not flags:
            return
        door, name = late.open_door()
        try:
            late.write_recipe(
                self._folder, name, machine=self._machine, flags=flags, packages=packages
            )
        except BaseException:
            door.close()
            raise
        self._door = door

    def start(self, starting: Callable[[], T]) -> T:
        """Call `starting`, which starts the command, with the filter on; return what it does.

        It is called once, whatever happens: without the filter where that is refused after all,
        and `stop` says so.

        Raises:
            BaseException: whatever `starting` raises.
        """
        done: list[T] = []
        failed: list[BaseException] = []
        ended = threading.Event()

        def work() -> None:
            try:
                self._listener = self._installer.install()
            except OSError as error:
                self._gaps.append(f"the system refused the supervisor: {error.strerror}")
                return
            finally:
                self._dressed.set()
            try:
                with _forking(wanted=not self._apart):
                    done.append(starting())
            except BaseException as error:  # noqa: BLE001 - it is raised where `start` was called
                failed.append(error)
            finally:
                ended.set()
            if done:
                self._over.wait()

        wearer = threading.Thread(target=work, name="afield-start", daemon=True)
        self._stand_in = threading.Thread(target=self._hold, name="afield-hold", daemon=True)
        try:
            self._stand_in.start()
            wearer.start()
        except RuntimeError as error:
            self._gaps.append(f"the supervisor found no thread: {error}")
            return starting()
        self._wearer = wearer
        self._dressed.wait()
        if self._listener is None:
            return starting()
        ended.wait()
        if failed:
            raise failed[0]
        return done[0]

    def _hold(self) -> None:
        """Hand the listener to those who answer; answer when they are gone before the run is."""
        self._dressed.wait()
        channel, listener, page = self._channel, self._listener, self._page
        if listener is None or channel is None or page is None:
            return
        with contextlib.suppress(OSError):
            late.send(channel, listener)
        self._stand_by(channel, listener, page)

    def _expect(self) -> None:
        """Take a copy of the listener from who answers a late call; if that died, take the call."""
        channel, page, door, waker = self._channel, self._page, self._door, self._waker
        assert channel is not None
        assert page is not None
        assert door is not None
        assert waker is not None
        with contextlib.suppress(OSError):
            self._listener = late.receive(channel)
        if self._listener is None and not self._over.is_set():
            page.lose(monotonic_ns())
            call = late.take_call(door, waker[0])
            if call is not None:
                self._listener = call.listener
                with contextlib.suppress(OSError):
                    call.caller.send(late.TAKEN)
                call.caller.close()
        door.close()  # there is one call; who comes again is turned away
        self._dressed.set()
        if self._listener is not None:
            self._stand_by(channel, self._listener, page)

    def _stand_by(self, channel: late.Door, listener: int, page: Page) -> None:
        """Look where nobody else may; answer when those who answer are gone before the run is."""
        if not self._apart:
            self._look(listener, page)
        with contextlib.suppress(OSError):
            if self._apart:
                channel.recv(1)  # of nothing: it returns when nobody is left at the other end
        if not self._over.is_set() and not nobody_asks(listener):
            answer(listener, page)

    def _look(self, listener: int, page: Page) -> None:
        """Look at what is asked in this thread: only parents may read a process's memory here."""
        assert self._waker is not None
        wake_quickly(listener)
        with contextlib.suppress(Exception):  # whatever it is, questions are answered on
            serve(listener, page, self._folder, self._machine, self._nobodys, waker=self._waker[0])

    def poll(self) -> list[Event]:
        """Return what is new since the last call, in the order of time; waits for nothing."""
        found = [event for data in self._follower.poll() if (event := parse(data)) is not None]
        self._gaps += [event.why for event in found if isinstance(event, Gap)]
        self._events += len(found)
        return found

    @property
    def has_watched(self) -> bool:
        """Whether anything was seen, or it was known until the end that nothing need be."""
        return self._events > 0 or self._was_heard

    @property
    def server(self) -> int:
        """Return the process that looks at what is asked; 0 before there is one."""
        return 0 if self._page is None else self._page.server

    @property
    def guard(self) -> int:
        """Return the process that answers when that one is gone; 0 before there is one."""
        return 0 if self._stand is None else self._stand.pid

    def stop(self, pid: int | None = None) -> list[str]:
        """Let go, once the command has ended and all was polled; return why not all was seen.

        Nothing is returned when everything was, from the first exec to now. Processes that the
        command left behind are answered on. `pid` is that of a command that was to call late.
        """
        page = self._page
        asked = True
        if self._door is not None and pid is not None:
            said = late.said(self._folder, pid)
            if said.gap is not None:
                self._gaps.append(said.gap)
            self._was_heard = said.gap is None
            asked = said.is_on
            if asked:
                self._dressed.wait(_TAKEN_WITHIN_S)
        if asked:
            self._judge(page)
        self._let_go()
        return list(dict.fromkeys(self._gaps))

    def _judge(self, page: Page | None) -> None:
        """Add what may have been missed since the filter was there."""
        is_idle = self._door is not None and page is not None and page.state == IDLE
        if page is None or self._listener is None or not (self._events or self._door):
            self._gaps.append("the supervisor was not there")
        elif page.state == LOST:
            self._gaps.append("the supervisor died: nothing was seen from then on")
        elif page.faults or not (page.state == SERVING or is_idle):  # idle: nothing was asked
            self._gaps.append(f"the supervisor did not understand {page.faults} questions")

    def _let_go(self) -> None:
        self._over.set()
        self._dressed.set()
        left = False
        if self._wearer is not None:
            self._wearer.join()
        if self._listener is not None and (self._wearer is not None or self._door is not None):
            left = not nobody_asks(self._listener, patience_ms=_PATIENCE_MS)
        self._close()
        if self._stand is not None and left:
            self._stand.returncode = 0  # ends with the last process of the run, unwaited for
        elif self._stand is not None:
            self._stand.wait()

    def _close(self) -> None:
        """End the thread that stands by, and close what it used."""
        if self._waker is not None:
            os.write(self._waker[1], b"w")
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(SHUT_RDWR)
        if self._stand_in is not None:
            self._stand_in.join()
        if self._waker is not None:
            os.close(self._waker[0])
            os.close(self._waker[1])
            self._waker = None
        for one in (self._channel, self._door):
            if one is not None:
                one.close()
        self._channel = None
        if self._listener is not None:
            os.close(self._listener)
            self._listener = None


@contextlib.contextmanager
def _forking(*, wanted: bool) -> Iterator[None]:
    """Have processes started by `fork`: `vfork` stops all threads until the exec may go on."""
    before = getattr(subprocess, VFORK, None)
    if wanted:
        setattr(subprocess, VFORK, False)
    try:
        yield
    finally:
        if wanted:
            setattr(subprocess, VFORK, before)


def _words(nobodys: Nobodys) -> list[str]:
    """Return what `stand.main` takes from its third word on."""
    folders = [os.fsdecode(path) for path in (*nobodys.always, *nobodys.outside)]
    return [os.fsdecode(nobodys.root), str(len(nobodys.always)), *folders]
