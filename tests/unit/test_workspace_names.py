"""What members are called: read as a workspace is made, kept in an object, shown, searched."""

from __future__ import annotations

import json
import platform

import pytest

import afield
from afield.journal import Draft
from afield.kernel.digest import digest
from afield.kernel.ids import new_run_id
from afield.members.events import MEMBER_INTRODUCED
from afield.members.names import from_object, to_object
from afield.runs.record import end_run, start_run
from afield.workspace.person import person_here
from afield.workspace.store import make_store

HOSTILE = 'O\'Neil -- "x"); ü'


def _workspace(tmp_path, name, **given):
    folder = str(tmp_path / ".afield")
    make_store(folder, person=None if name is None else lambda: name, **given)[0].journal.close()
    workspace = afield.open(tmp_path)
    run = start_run(workspace.record, kind="python", name="one")
    end_run(workspace.record, run, status="finished", exit_code=0)
    return workspace


@pytest.mark.parametrize("name", ["Ada Lovelace", HOSTILE])
def test_a_run_shows_its_users_name_and_is_found_by_it(tmp_path, name):
    with _workspace(tmp_path, name) as workspace:
        assert workspace.run("one").user == name
        quoted = name.replace('"', '""')
        assert workspace.count(f'user = "{quoted}"') == 1
        assert workspace.count(f'user != "{quoted}"') == 0
        assert workspace.count('user = "somebody else"') == 0
        assert workspace.count(f'member = "{workspace.config.member}"') == 1
        assert [found for found in workspace.verify() if found.damaged] == []


def test_the_name_stands_in_an_object_and_in_no_entry(tmp_path):
    with _workspace(tmp_path, "Ada Lovelace") as workspace:
        entries = [entry for batch in workspace.record.journal.read() for entry in batch.entries]
        assert "Ada" not in json.dumps([entry.body for entry in entries])
        assert entries[1].kind == MEMBER_INTRODUCED
        assert from_object(workspace.record.vault.get(entries[1].refs[0])) == "Ada Lovelace"


def test_a_workspace_that_says_no_name_shows_the_member(tmp_path):
    with _workspace(tmp_path, None) as workspace:
        assert workspace.run("one").user == workspace.config.member
        assert workspace.count(f'user = "{workspace.config.member}"') == 1


def test_a_profile_that_was_erased_or_is_none_shows_the_member(tmp_path):
    with _workspace(tmp_path, "Ada") as workspace:
        member = workspace.config.member
        for profile in ("0" * 64, workspace.record.vault.put(b"[1]", meta=True)):
            workspace.record.vault.flush()
            draft = Draft(MEMBER_INTRODUCED, member, {"member": member}, (profile,))
            workspace.record.journal.append_many([draft])
            assert workspace.run("one").user == member
            assert workspace.count(f'user = "{member}"') == 1


def _bodies(workspace):
    return [entry.body for batch in workspace.record.journal.read() for entry in batch.entries]


def test_the_machines_name_stands_in_an_object_and_in_no_entry(tmp_path):
    with _workspace(tmp_path, "Ada") as workspace:
        run = start_run(workspace.record, kind="python", name="two")
        end_run(workspace.record, run, status="finished", exit_code=0)
        name = platform.node()
        assert name
        assert {view.host for view in workspace.runs()} == {name}
        assert all(name not in map(str, body.values()) for body in _bodies(workspace))
        assert workspace.count(f'host = "{name}"') == workspace.count(f'HOST != "{name}x"') == 2
        assert workspace.count('host = "another"') == workspace.count("host is null") == 0
        assert len(workspace.query("SELECT DISTINCT host_object FROM runs")) == 1
        assert len(list((tmp_path / ".afield" / "packs").rglob("*.pack"))) == 1
        assert [found for found in workspace.verify() if found.damaged] == []


def test_a_machine_is_named_again_when_its_cache_is_gone_or_half_written(tmp_path):
    with _workspace(tmp_path, None) as workspace:
        (cached,) = (tmp_path / ".afield" / "cache").glob("host-*")
        for spoil in (cached.unlink, lambda: cached.write_text("f00")):
            spoil()
            start_run(workspace.record, kind="python")
            assert cached.exists()
        assert {view.host for view in workspace.runs()} == {platform.node()}
        assert workspace.count(f'host = "{platform.node()}"') == 3
        assert [found for found in workspace.verify() if found.damaged] == []


def test_a_machine_whose_object_comes_later_is_named_then(tmp_path):
    with _workspace(tmp_path, None) as workspace:
        data = to_object("late")
        started = {"name": "odd", "started_ms": 1}
        draft = Draft("run.started", "0" * 16, started, (digest(data),))
        workspace.record.journal.append_many([draft])
        assert workspace.run("odd").host is None
        workspace.record.vault.put(data, meta=True)
        workspace.record.vault.flush()
        assert workspace.run("odd").host == "late"


def test_each_of_very_many_machines_is_found_by_its_name(tmp_path):
    count = 3_000
    with _workspace(tmp_path, None) as workspace:
        vault = workspace.record.vault
        hosts = [vault.put(to_object(f"pod-{number}"), meta=True) for number in range(count)]
        vault.flush()
        drafts = [
            Draft("run.started", new_run_id(), {"name": f"{at}", "started_ms": 1}, (host,))
            for at, host in enumerate(hosts)
        ]
        workspace.record.journal.append_many(drafts)
        for number in range(0, count, 500):
            found = workspace.runs(f'host = "pod-{number}"')
            assert [view.name for view in found] == [f"{number}"]
        assert workspace.count("host like 'pod-%'") == count
        assert workspace.count("host is null") == 0


def test_two_objects_of_one_name_are_not_alike(tmp_path):
    assert to_object("ada-laptop") != to_object("ada-laptop")
    assert from_object(to_object(HOSTILE)) == HOSTILE


@pytest.mark.parametrize(
    "body",
    [
        {"host": "ada-laptop"},  # as the first entries had it
        {"host": 3},
        {},
    ],
)
@pytest.mark.parametrize("refs", [(), ("0" * 64,), ("profile",)])
def test_a_machine_whose_object_is_missing_or_none_is_unknown(tmp_path, body, refs):
    with _workspace(tmp_path, None) as workspace:
        found = workspace.record.vault.put(b'{"name": 3}', meta=True)
        workspace.record.vault.flush()
        refs = tuple(found if ref == "profile" else ref for ref in refs)
        started = {"name": "odd", "started_ms": 1_800_000_000_000, **body}
        workspace.record.journal.append_many([Draft("run.started", "0" * 16, started, refs)])
        assert {view.name: view.host for view in workspace.runs()} == {
            "odd": None,
            "one": platform.node(),
        }
        assert [view.name for view in workspace.runs("host is null")] == ["odd"]
        assert [view.name for view in workspace.runs("order by host")] == ["one", "odd"]


def test_a_later_profile_counts(tmp_path):
    with _workspace(tmp_path, "Ada") as workspace:
        member = workspace.config.member
        assert workspace.run("one").user == "Ada"
        profile = workspace.record.vault.put(to_object("Ada L."), meta=True)
        workspace.record.vault.flush()
        draft = Draft(MEMBER_INTRODUCED, member, {"member": member}, (profile,))
        workspace.record.journal.append_many([draft])
        assert workspace.run("one").user == "Ada L."


@pytest.mark.parametrize(
    ("text", "env", "name"),
    [
        ("[user]\n\tname = Ada Lovelace\n\temail = ada@localhost\n", {}, "Ada Lovelace"),
        ('[core]\nname = no\n[user]\nNAME="A # B" ; c\n[x]\nname = no', {}, "A # B"),
        ("[user]\nemail = ada@localhost # mine", {"USER": "x"}, "ada@localhost"),
        ("[user]\nname = \n", {"USER": "login"}, "login"),
        ("[user]\nname = A\x1b[2J\u202eB", {}, "A [2J B"),
        ("nonsense \x00 = [", {}, "home"),
        (None, {"LOGNAME": "login"}, "login"),
    ],
)
def test_the_name_is_gits_or_the_login(tmp_path, text, env, name):
    home = tmp_path / "home"
    home.mkdir()
    if text is not None:
        (home / ".gitconfig").write_text(text, "utf-8")
    assert person_here(env, str(home)) == name


def test_gits_other_place_is_read_and_the_home_one_counts_more(tmp_path):
    (tmp_path / "xdg" / "git").mkdir(parents=True)
    (tmp_path / "xdg" / "git" / "config").write_text("[user]\nname = X\nemail = y")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert person_here(env, str(tmp_path)) == "X"
    (tmp_path / ".gitconfig").write_text("[user]\nname = Home\n")
    assert person_here(env, str(tmp_path)) == "Home"


def test_finding_makes_the_default_workspace_for_the_person_of_that_home(tmp_path):
    (tmp_path / ".gitconfig").write_text("[user]\nname = Home Body\n")
    env = {"AFIELD_WORKSPACE": str(tmp_path / "there")}
    with afield.Workspace.find(tmp_path, env=env, home=tmp_path) as workspace:
        assert workspace.refresh() >= 0
        assert workspace.name_of(workspace.config.member) == "Home Body"
