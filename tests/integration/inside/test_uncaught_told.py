"""The hook tells which exception nobody caught, and changes nothing about how it is shown."""

from __future__ import annotations

import pytest

SHOWN = """\
import sys

class Odd(ValueError):
    def __str__(self):
        print("told")
        return "odd"

def fit(n):
    raise {kind}(n)

{before}
fit(3)
"""
OWN = "sys.excepthook = lambda kind, error, trace: print('it broke')"
KEPT = "assert sys.excepthook is sys.__excepthook__\n"


def test_an_exception_that_nobody_caught_is_told_with_its_places(runner):
    script = runner.script(SHOWN.format(kind="ValueError", before=KEPT))
    done, plain = (runner.run(script, watch=watch, check=False) for watch in (True, False))
    assert done.code == 1
    assert (done.out, done.err) == (plain.out, plain.err)
    (found,) = done.trace.uncaught
    assert found.exception == "ValueError"
    assert [function for _, _, function in found.places] == ["<module>", "fit"]
    assert [line for _, line, _ in found.places] == [13, 9]
    assert {file for file, _, _ in found.places} == {script}


def test_a_hook_of_the_persons_own_is_called_and_nothing_of_the_exception_is(runner):
    script = runner.script(SHOWN.format(kind="Odd", before=KEPT + OWN))
    done = runner.run(script, check=False)
    assert (done.out, done.err) == (b"it broke\n", b"")
    assert [found.exception for found in done.trace.uncaught] == ["Odd"]


@pytest.mark.parametrize("end", ["sys.exit(3)", "raise SystemExit('no')", "pass"])
def test_an_end_without_an_exception_tells_none(runner, end):
    script = runner.script(
        f"import sys\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\n{end}"
    )
    assert runner.run(script, check=False).trace.uncaught == ()


def test_other_pythons_tell_it_too(runner, other_python):
    runner.python = other_python
    done = runner.run(runner.script(SHOWN.format(kind="Odd", before=OWN)), check=False)
    assert [found.exception for found in done.trace.uncaught] == ["Odd"]
