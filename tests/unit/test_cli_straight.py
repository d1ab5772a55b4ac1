"""The plain words of `afield run` are read as click reads them, or left to click."""

from __future__ import annotations

import pytest

from afield.cli.commands.run import command
from afield.cli.group import cli
from afield.cli.session import Session
from afield.cli.straight import asked

READ = [
    "run python train.py --lr 0.1 -q -- --json",
    "run -- ./train.sh",
    "run - x",
    "run -q --no-seed -- -q",
    "run --quiet --json --no-color python -m train",
    "run --name a --name b --project p --experiment=e python",
    "run --name= --project=-x python",
    "run --tag a=1 --tag b==2 --param c= --tag=d=4 python -- --",
    "run --trace python --workspace /w python x.py",
    "run --trace=off --workspace=~/w -- --help",
]
LEFT = [
    "",
    "runs",
    "run",
    "run --",
    "run -q",
    "run --help",
    "run -h python",
    "run -qq python",
    "run --quiet=yes python",
    "run --tag a python",
    "run --tag =1 python",
    "run --param",
    "run --name --quiet python",
    "run --trace all python",
    "run --executed x.ipynb a.ipynb",
    "run --nam x python",
    "--json=yes run python",
    "--workspace run",
    "--workspace run python",
    "--workspace --json run python",
    "--verbose run python",
    "--json runs",
    "-- run python",
]
BEFORE = [
    "--json run python",
    "--no-color --workspace /w run -q python x.py --json",
    "--workspace=run run python",
    "--workspace run run python",
    "--workspace= run python",
    "--workspace /a --workspace ~/b run python",
    "--workspace /a run --workspace /b --name n python",
]


@pytest.mark.parametrize("line", READ)
def test_plain_words_are_read_as_click_reads_them(line):
    words = line.split()
    mine, theirs = Session({}), Session({})
    found = asked(words, mine)
    context = command.make_context("run", words[1:], obj=theirs)
    assert found is not None
    assert found._asdict() == context.params
    for name in ("json", "color", "workspace_path"):
        assert getattr(mine, name) == getattr(theirs, name)


@pytest.mark.parametrize("line", BEFORE)
def test_options_before_run_are_read_as_click_reads_them(line):
    words = line.split()
    mine, theirs = Session({}), Session({})
    found = asked(words, mine)
    group = cli.make_context("afield", list(words), obj=theirs)
    rest = words[len(words) - len(group.args) :]
    assert words[-len(rest) - 1] == "run"
    context = command.make_context("run", rest, obj=theirs, parent=group)
    assert found is not None
    assert found._asdict() == context.params
    for name in ("json", "color", "workspace_path"):
        assert getattr(mine, name) == getattr(theirs, name)


@pytest.mark.parametrize("line", LEFT)
def test_all_other_words_are_left_to_click_and_change_nothing(line):
    session = Session({})
    assert asked(line.split(), session) is None
    assert (session.json, session.color, session.workspace_path) == (False, None, None)


def test_a_shell_that_completes_is_answered_by_click():
    assert asked(["run", "python"], Session({"_AFIELD_COMPLETE": "bash_complete"})) is None
