"""Why a run failed, read from what it printed: a corpus of real shapes, and real exceptions."""

from __future__ import annotations

import traceback

import pytest
from failure_corpus import CASES

from afield.runs.failure import Failure, Frame, Raised, Roots, decode, keep, read_failure
from afield.testing.disk import SimulatedDisk
from afield.vault import Vault

ROOT = "/home/ada/project"

RAISING = {
    "ValueError": "def fit(n):\n    raise ValueError(f'bad batch {n}')\nfit(VALUE)",
    "KeyError": "{}['learning_rate']",
    "ZeroDivisionError": "def mean(rows):\n    return sum(rows) / len(rows)\nmean([])",
    "TypeError": "def fit(a): ...\nfit()",
    "NameError": "print(undefined_thing)",
    "AttributeError": "import math\nmath.sqr(VALUE)",
    "IndexError": "[][VALUE]",
    "ModuleNotFoundError": "import no_such_module_at_all",
    "FileNotFoundError": "open('/nowhere/%d/x.csv' % VALUE)",
    "UnicodeDecodeError": "b'\\xff\\xfe'.decode('utf-8')",
    "json.decoder.JSONDecodeError": "import json\njson.loads('[1' + ' ' * VALUE)",
    "RecursionError": "def f(n): return g(n)\ndef g(n): return f(n + 1)\nf(VALUE)",
    "ExceptionGroup": "raise ExceptionGroup('many', [ValueError(VALUE), KeyError('k')])",
    "StopIteration": "next(iter([]))",
    "UnboundLocalError": "def f():\n    print(y)\n    y = VALUE\nf()",
}


def read(text: str, *, exit_code: int | None = 1, signal: str | None = None, **more) -> Failure:
    found = found_in(text, exit_code=exit_code, signal=signal, **more)
    assert found is not None
    return found


def found_in(text, *, exit_code=1, signal=None, root=ROOT, **more) -> Failure | None:
    roots = Roots(project=root, folder=root)
    return read_failure(
        [text], roots=roots, exit_code=exit_code, signal=signal, **{"known": {}, **more}
    )


def raised(code: str, *, file: str = f"{ROOT}/train.py", above: int = 0) -> str:
    """Return what Python prints for a script that raises."""
    try:
        exec(compile("\n" * above + code, file, "exec"), {"__name__": "__main__"})  # noqa: S102 - to raise
    except Exception as error:  # noqa: BLE001 - whatever it raises
        error.__traceback__ = error.__traceback__.tb_next
        return "".join(traceback.format_exception(error))
    pytest.fail("it did not raise")


def words(failure: Failure) -> str | None:
    where = failure.where
    if where is None:
        return None
    line = f":{where.line}" if where.line else ""
    return f"{where.file}{line}{f' in {where.function}' if where.function else ''}"


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_read_as_programs_print_it(name):
    case = CASES[name]
    found = read(case.text, exit_code=case.exit_code, signal=case.signal)
    assert found.exception == case.exception
    assert found.message.startswith(case.message)
    assert words(found) == case.where
    assert not case.chain or tuple(one.exception for one in found.chain) == case.chain


@pytest.mark.parametrize("name", CASES)
def test_every_failure_of_the_corpus_has_a_fingerprint_of_its_own(name):
    def fingerprint(case):
        return read(case.text, exit_code=case.exit_code, signal=case.signal).fingerprint

    same = [other for other, case in CASES.items() if fingerprint(case) == fingerprint(CASES[name])]
    assert same == [name]


@pytest.mark.parametrize("exception", RAISING)
def test_the_same_raise_with_other_values_elsewhere_is_the_same_failure(exception):
    code = RAISING[exception]
    first = read(raised(code.replace("VALUE", "3")))
    moved = code.replace("VALUE", "4711")
    second = read(
        "warming up\n" + raised(moved, file="/mnt/b/project/train.py", above=20),
        root="/mnt/b/project",
    )
    assert first.exception == exception
    assert first.fingerprint == second.fingerprint
    assert second.where is not None
    assert second.where.file == "train.py"
    assert second.where.line > 20


def test_raises_that_differ_are_different_failures():
    found = {read(raised(code.replace("VALUE", "3"))).fingerprint for code in RAISING.values()}
    assert len(found) == len(RAISING)


def test_what_a_library_calls_tells_failures_apart_but_not_where_it_is_installed():
    code = CASES["in a library"].text
    elsewhere = code.replace("/home/ada/venv/lib/python3.12", "/opt/conda/lib/python3.11")
    assert read(code).fingerprint == read(elsewhere).fingerprint
    other = code.replace("validation.py", "fixes.py")
    assert read(code).fingerprint != read(other).fingerprint


@pytest.mark.parametrize(
    ("exit_code", "signal"),
    [(0, None), (130, None), (None, "SIGINT"), (None, "SIGHUP"), (None, None)],
)
def test_what_succeeded_or_a_person_stopped_has_no_failure(exit_code, signal):
    assert found_in(CASES["plain"].text, exit_code=exit_code, signal=signal) is None


def test_a_keyboard_interrupt_is_no_failure():
    text = CASES["plain"].text.replace("ValueError: bad batch 17", "KeyboardInterrupt")
    assert found_in(text) is None


def test_a_command_that_says_nothing_has_no_failure_but_its_signal_has():
    assert found_in("") is None
    assert found_in("---\n42 %\n") is None
    assert read("", exit_code=None, signal="SIGSEGV").exception == "SIGSEGV"


def test_a_failure_without_a_place_belongs_to_what_was_run():
    one = read("", exit_code=None, signal="SIGKILL", subject="train.py")
    other = read("", exit_code=None, signal="SIGKILL", subject="eval.py")
    assert one.fingerprint != other.fingerprint
    text = CASES["plain"].text
    assert read(text, subject="a.py").fingerprint == read(text, subject="b.py").fingerprint


def test_secrets_are_replaced_in_every_part_of_a_failure():
    token = "ghp_" + "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
    text = CASES["plain"].text.replace("bad batch 17", f"no access with {token} nor s3cr3t-Value-9")
    found = read(text, known={"DB_PASSWORD": b"s3cr3t-Value-9"})
    for part in (found.message, found.text, *(one.message for one in found.chain)):
        assert token not in part
        assert "s3cr3t-Value-9" not in part
    assert "redacted:" in found.message


def test_a_failure_is_kept_and_read_again_whatever_bytes_it_has():
    vault = Vault("/vault", SimulatedDisk())
    found = read(CASES["group"].text + "\udcff \x00 end\n")
    kept = keep(vault, found)
    vault.flush()
    assert decode(vault.get(kept.object)) == found
    assert (kept.fingerprint, kept.exception) == (found.fingerprint, "ExceptionGroup")


def test_a_long_console_is_read_in_time_and_kept_in_bounds():
    noise = "Traceback (most recent call last):\n" + '  File "a.py", line 1\n' * 200
    found = read(noise * 60 + CASES["plain"].text)
    assert found.exception == "ValueError"
    assert len(found.text) < 26_000


@pytest.mark.parametrize(
    "hostile",
    [
        "Traceback (most recent call last):\n" * 15_000,
        "ValueError   Traceback (most recent call last)\n" * 9_000,
        "\u256d\u2500 Traceback (most recent call last) \u2500\u256e\n" * 8_000,
        'Traceback (most recent call last):\n  File "a.py", line 1, in f\n' * 7_000,
        "thread 'a' panicked at '" + "', " * 150_000,
    ],
    ids=("headers", "pages", "boxes", "frames", "panic"),
)
def test_a_console_that_begins_tracebacks_without_end_ends_nothing(hostile):
    assert read(f"{hostile}\nthe solver gave up\n").message == "the solver gave up"


def test_the_version_of_python_does_not_matter_for_comprehensions():
    text = CASES["plain"].text
    inlined = text.replace(
        "ValueError: bad",
        '  File "/home/ada/project/lib/model.py", line 12, in <listcomp>\n    x\nValueError: bad',
    )
    assert read(text).fingerprint == read(inlined).fingerprint


UNCAUGHT = Raised(
    exception="ValueError", frames=(Frame(file="lib/model.py", line=12, function="fit"),)
)


def test_what_nobody_caught_counts_before_what_was_only_printed_last():
    handled = CASES["another while handling"].text
    assert read(CASES["plain"].text + handled).exception == "AttributeError"
    found = read(CASES["plain"].text + handled, uncaught=UNCAUGHT)
    assert (found.exception, found.message) == ("ValueError", "bad batch 17")


def test_what_nobody_caught_is_known_though_it_was_printed_in_a_way_of_its_own():
    found = read("it broke\n", uncaught=UNCAUGHT)
    assert (found.exception, words(found)) == ("ValueError", "lib/model.py:12 in fit")
    assert '  File "lib/model.py", line 12, in fit' in found.text
    stopped = Raised(exception="KeyboardInterrupt")
    assert found_in("it broke\n", uncaught=stopped) is None


def test_how_python_itself_is_built_does_not_tell_failures_apart():
    text = CASES["worker of a pool"].text
    newer = text.replace("/usr/lib/python3.12", "/opt/lib/python3.14").replace("in get", "in fetch")
    assert newer != text
    assert read(text).fingerprint == read(newer).fingerprint
