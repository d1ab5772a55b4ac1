"""A layer is one more entry of the registry: chosen, asked in order, joined with the others."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from afield.runs.capture.errors import CommandNotFound
from afield.runs.capture.layers import LAYERS, Seen
from afield.runs.capture.trace import Open

EVERYWHERE = tuple(layer for layer in LAYERS if layer.number < 2)  # the rest is not on all systems

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")


@dataclass
class Deep:
    """A layer that starts the command by way of a shell and tells what it is given to tell."""

    reads_of: tuple[str, ...] = ()
    writes_of: tuple[str, ...] = ()
    seen: Seen = field(default_factory=Seen)
    reason: str | None = None
    name: str = "deep"
    number: int = 2
    reads: bool = True
    calls: list = field(default_factory=list)

    def wanted(self, trace, chosen):
        self.calls.append(("wanted", trace, tuple(chosen)))
        return trace == "auto"

    def available(self, site):
        self.calls.append(("available", Path(site.folder).is_dir(), site.mark_ns is not None))
        return self.reason

    def watch(self, _site):
        return self

    def prepare(self, launch):
        self.calls.append(("prepare", launch.environ.get("AFIELD_TRACE")))
        words = ("sh", "-c", 'exec "$@"', "sh", launch.program, *launch.argv[1:])
        environ = {**launch.environ, "DEEP": "below"}
        return msgspec.structs.replace(launch, program="/bin/sh", argv=words, environ=environ)

    def started(self, pid):
        self.calls.append(("started", pid))

    def poll(self):
        if not self.calls or self.calls[-1][0] != "started":
            return ()
        self.calls.append(("told",))
        return self.events()

    def events(self):
        pairs = [(path, "read") for path in self.reads_of]
        pairs += [(path, "write") for path in self.writes_of]
        now_ns = time.monotonic_ns()
        return [Open(at_ns=now_ns, pid=1, path=path, mode=mode) for path, mode in pairs]

    def finish(self):
        self.calls.append(("finish",))
        return msgspec.structs.replace(self.seen, events=self.events())

    def called(self):
        return [call[0] for call in self.calls]


class Broken(Deep):
    """A layer that fails whatever it is asked."""

    def prepare(self, _launch):
        raise RuntimeError("no start")

    def started(self, _pid):
        raise RuntimeError("not started")

    def poll(self):
        raise RuntimeError("nothing new")

    def finish(self):
        raise RuntimeError("no end")


SCRIPT = (
    "import os\nopen('both.csv').read()\nopen('o', 'w')\nprint(os.getpid(), os.environ['DEEP'])\n"
)


@pytest.fixture
def files(project):
    """A script, what it reads, and what only another library of it would read."""
    (project / "train.py").write_text(SCRIPT)
    (project / "both.csv").write_text("1")
    (project / "deep.h5").write_text("2")
    return project


def test_the_registry_is_in_the_order_of_its_numbers():
    assert [layer.number for layer in LAYERS] == sorted(layer.number for layer in LAYERS)
    assert [layer.name for layer in LAYERS][:2] == ["tree", "python"]


def test_one_more_layer_is_one_more_entry_of_the_registry(run, files):
    paths = tuple(str(files / name) for name in ("both.csv", "deep.h5"))
    deep = Deep(paths, (str(files / "o"),), Seen(complete=True, warnings=["deep water"]))
    done = run("python", "train.py", layers=(*EVERYWHERE, deep))
    assert deep.calls[0] == ("wanted", "auto", ("tree", "python"))
    assert deep.calls[1] == ("available", True, True)
    assert deep.calls[2] == ("prepare", "1")  # after the layers above it
    assert deep.called()[3] == "started"
    assert deep.called()[-1] == "finish"
    pid, word = done.out.split()
    assert (int(pid), word) == (deep.calls[3][1], b"below")
    assert done.manifest.capture.layers == ("tree", "python", "deep")
    assert done.manifest.capture.inputs_complete
    assert done.manifest.capture.warnings == ("deep water",)
    found = {path: (one.seen_by, one.where) for path, one in done.inputs.items()}
    assert found == {"both.csv": ("python+deep", "train.py:2"), "deep.h5": ("deep", None)}
    assert {path: one.seen_by for path, one in done.outputs.items()} == {"o": "python+deep"}


def test_what_one_layer_could_not_see_is_said_unless_another_saw_all(run, files):
    blind = Seen(blind=["deep is blind"])
    command = (sys.executable, "-I", "-c", "1")
    done = run(*command, layers=(*EVERYWHERE, Deep(seen=blind)))
    told = done.manifest.capture.warnings
    assert "deep is blind" in told
    assert any(text.startswith("no Python was seen") for text in told)
    assert any("not known" in line for line in done.manifest.blockers)
    whole = Deep(seen=msgspec.structs.replace(blind, complete=True))
    done = run(*command, layers=(*EVERYWHERE, whole))
    flags = f"{shlex.join(command[:2])} -c"
    told = f"its randomness is not recorded, it shuts the hook out: {flags}"
    assert done.manifest.capture.warnings == (told,)
    assert done.manifest.blockers == ()
    done = run(*command, layers=(*EVERYWHERE, whole), seed=False)
    assert done.manifest.capture.warnings == ()


def test_a_layer_that_cannot_be_used_here_is_named_with_its_reason(run, files):
    deep = Deep(reason="this system has no such thing")
    done = run("python", "-c", "1", layers=(*EVERYWHERE, deep))
    assert done.manifest.capture.layers == ("tree", "python")
    assert done.manifest.capture.warnings == (
        "the layer `deep` is not used: this system has no such thing",
    )
    assert deep.called() == ["wanted", "available"]


@pytest.mark.parametrize(("trace", "layers"), [("python", ("tree", "python")), ("off", ("tree",))])
def test_trace_picks_from_the_registry(run, files, trace, layers):
    deep = Deep()
    done = run("python", "-c", "1", trace=trace, layers=(*EVERYWHERE, deep))
    assert done.manifest.capture.layers == layers
    assert done.manifest.capture.warnings == ()
    assert deep.calls == [("wanted", trace, layers)]


def test_a_layer_that_was_not_at_work_is_not_named(run, files):
    done = run("python", "-c", "1", layers=(*EVERYWHERE, Deep(seen=Seen(active=False))))
    assert done.manifest.capture.layers == ("tree", "python")


def test_a_layer_that_fails_changes_nothing_of_the_run(run, files):
    done = run("python", "train.py", environ={"DEEP": "own"}, layers=(*EVERYWHERE, Broken()))
    assert done.outcome.exit_code == 0
    assert done.out.split()[1] == b"own"
    assert set(done.inputs) == {"both.csv"}
    assert set(done.outputs) == {"o"}
    assert done.manifest.capture.layers == ("tree", "python")
    told = done.manifest.capture.warnings
    assert "the layer `deep` is not used: no start" in told
    assert "what the layer `deep` saw is lost: no end" in told


def test_a_layer_may_start_the_command_from_a_thread_of_its_own(run, files):
    names = []

    class Threaded(Deep):
        def prepare(self, launch):
            return msgspec.structs.replace(launch, within=(*launch.within, self.around))

        def around(self, starting):
            def work():
                names.append(threading.current_thread().name)
                found.append(starting())

            found = []
            thread = threading.Thread(target=work, name="deep")
            thread.start()
            thread.join()
            return found[0]

    done = run("python", "-c", "print(7)", layers=(*EVERYWHERE, Threaded()))
    assert (done.out, names) == (b"7\n", ["deep"])


def start_and_fail(starting):
    starting()
    raise RuntimeError("too late")


def fail(_starting):
    raise RuntimeError("no start")


@pytest.mark.parametrize(
    "wrong", [{"program": "/nowhere/gone"}, {"within": (fail,)}, {"within": (start_and_fail,)}]
)
def test_a_command_is_started_once_whatever_becomes_of_how_a_layer_wants_it(run, files, wrong):
    class Wrong(Deep):
        def prepare(self, launch):
            return msgspec.structs.replace(launch, **wrong)

    done = run("python", "-c", "open('o', 'a').write('x')", layers=(*EVERYWHERE, Wrong()))
    assert done.outcome.exit_code == 0
    assert (files / "o").read_text() == "x"


def test_layers_are_ended_when_the_command_cannot_be_started(run, files):
    program = files / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    class Late(Deep):
        def prepare(self, launch):
            self.calls.append(("prepare",))
            program.unlink()
            return launch

    late = Late()
    with pytest.raises(CommandNotFound):
        run("./tool", layers=(*EVERYWHERE, late))
    assert late.called()[-2:] == ["prepare", "finish"]
