"""The supervisor of one run, seen from `afield`: begin it, start the command under it, read it.

The command is started by a thread that wears the filter, so that nothing of ours runs between
its fork and its exec, and its parent is who it would be without us. The thread waits until the
end: who asks to be told of its parent's death means that thread.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from afield.runs.capture.supervisor.bpf import build
from afield.runs.capture.supervisor.events import Event, Gap, parse
from afield.runs.capture.supervisor.install import Installer
from afield.runs.capture.supervisor.known import Nobodys
from afield.runs.capture.supervisor.log import LogFollower
from afield.runs.capture.supervisor.numbers import this_machine
from afield.runs.capture.supervisor.page import LOST, SERVING, Page
from afield.runs.capture.supervisor.preflight import VFORK, reads_apart
from afield.runs.capture.supervisor.serve import answer, nobody_asks, serve, wake_quickly

T = TypeVar("T")

_PATIENCE_MS = 300
"""After the command's end: how long the kernel is given to say that nobody of the run is left."""

_PACKAGE = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3))
_STAND = """
import sys
package = sys.modules["afield"] = type(sys)("afield")  # of it nothing is wanted but this folder
package.__path__ = [sys.argv.pop()]  # ambient: its own command line
from afield.runs.capture.supervisor.stand import main
main(*sys.argv[1:])  # ambient: the same
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
        self._channel: socket.socket | None = None
        self._listener: int | None = None
        self._page: Page | None = None
        self._stand: subprocess.Popen[bytes] | None = None
        self._stand_in: threading.Thread | None = None
        self._wearer: threading.Thread | None = None
        self._dressed, self._over = threading.Event(), threading.Event()
        self._gaps: list[str] = []
        self._events = 0

    def begin(self, nobodys: Nobodys | None = None) -> None:
        """Start the processes that will answer; they wait for the listener.

        What lies in folders of `nobodys` is not told.

        Raises:
            OSError: no process or no memory can be had.
        """
        self._nobodys = nobodys or self._nobodys
        page_fd = os.memfd_create("afield-supervisor")
        ours, theirs = socket.socketpair()
        try:
            os.ftruncate(page_fd, 4096)
            self._page = Page(page_fd)
            argv = [sys.executable, "-I", "-S", "-c", _STAND, str(theirs.fileno()), str(page_fd)]
            self._stand = subprocess.Popen(
                [*argv, self._folder if self._apart else "", *_words(self._nobodys), _PACKAGE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), page_fd),
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
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))]
        with contextlib.suppress(OSError):
            channel.sendmsg([b"l"], rights)
        if not self._apart:
            self._look(listener, page)
        with contextlib.suppress(OSError):
            if self._apart:
                channel.recv(1)  # of nothing: it returns when nobody is left at the other end
        if not self._over.is_set():
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
    def has_seen(self) -> bool:
        """Whether anything was seen at all."""
        return self._events > 0

    @property
    def server(self) -> int:
        """Return the process that looks at what is asked; 0 before there is one."""
        return 0 if self._page is None else self._page.server

    @property
    def guard(self) -> int:
        """Return the process that answers when that one is gone; 0 before there is one."""
        return 0 if self._stand is None else self._stand.pid

    def stop(self) -> list[str]:
        """Let go, once the command has ended and all was polled; return why not all was seen.

        Nothing is returned when everything was, from the first exec to now. Processes that the
        command left behind are answered on.
        """
        page = self._page
        if page is None or self._listener is None or self._events == 0:
            self._gaps.append("the supervisor was not there")
        elif page.state == LOST:
            self._gaps.append("the supervisor died: nothing was seen from then on")
        elif page.state != SERVING or page.faults:
            self._gaps.append(f"the supervisor did not understand {page.faults} questions")
        self._let_go()
        return list(dict.fromkeys(self._gaps))

    def _let_go(self) -> None:
        self._over.set()
        self._dressed.set()
        left = False
        if self._listener is not None and self._wearer is not None:
            self._wearer.join()
            left = not nobody_asks(self._listener, patience_ms=_PATIENCE_MS)
        if self._waker is not None:
            os.write(self._waker[1], b"w")
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)
        if self._stand_in is not None:
            self._stand_in.join()
        if self._waker is not None:
            os.close(self._waker[0])
            os.close(self._waker[1])
            self._waker = None
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._listener is not None:
            os.close(self._listener)
            self._listener = None
        if self._stand is not None and left:
            self._stand.returncode = 0  # ends with the last process of the run, unwaited for
        elif self._stand is not None:
            self._stand.wait()


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
