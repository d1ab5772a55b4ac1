"""No secret gets into a workspace: neither by files, arguments, variables nor by what is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from afield.kernel.digest import digest
from afield.runs.capture.supervisor.preflight import preflight

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
SECRET = "supersecret" + "99x"


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def everything(done, tmp_path):
    """Return all that is stored: files of the workspace, and the objects in its packs."""
    done.record.journal.close()
    manifest = done.manifest
    objects = [done.record.vault.get(one.digest) for one in manifest.inputs if one.kept]
    found = [*done.tree.values(), *done.console, *objects, repr(manifest).encode()]
    files = [path for path in (tmp_path / "workspace").rglob("*") if path.is_file()]
    return b"\n".join([*found, *(path.read_bytes() for path in files)])


@pytest.mark.parametrize("ignored", [True, False])
def test_a_file_of_variables_that_the_run_reads_is_not_kept(run, project, git, tmp_path, ignored):
    git(project, "init", "-q")
    text = f"DB_PASSWORD={SECRET}\n"
    write(project, {"t.py": "open('.env').read()", ".env": text, ".gitignore": ".env" * ignored})
    done = run("python", "t.py")
    assert SECRET.encode() not in everything(done, tmp_path)
    assert ".env" not in done.tree
    found = done.inputs[".env"]
    assert (found.digest, found.kept) == (digest(text.encode()), False)
    blocker = "not kept: .env, 27 bytes (holds secrets; it must be handed over again)"
    assert done.manifest.blockers == (blocker,)


def test_files_of_keys_and_passwords_in_the_tree_are_not_kept(run, project, git, tmp_path):
    git(project, "init", "-q")
    secret = {
        "conf/prod.env": f"API_KEY={SECRET}\n",
        ".netrc": f"machine h login me password {SECRET}\n",
        "id_ed25519": SECRET,
        "server.key": SECRET,
        ".npmrc": f"//registry/:_authToken={SECRET}\n",
        "aws/credentials": f"[default]\nx = {SECRET}\n",
    }
    write(project, {"t.py": "", ".env": "MODE=fast\n", ".npmrc.md": "about", **secret})
    done = run("python", "t.py")
    assert SECRET.encode() not in everything(done, tmp_path)
    assert set(done.tree) == {"t.py", ".env", ".npmrc.md"}
    assert {one.path for one in done.manifest.code.not_kept} == set(secret)


def test_a_file_of_secrets_outside_the_project_or_written_by_the_run_is_not_kept(
    run, project, tmp_path
):
    write(tmp_path, {"home/.netrc": f"password {SECRET}\n"})
    code = "text = open('../home/.netrc').read(); open('made.env', 'w').write('TOKEN=' + text[9:])"
    write(project, {"t.py": code})
    done = run("python", "t.py")
    assert SECRET.encode() not in everything(done, tmp_path)
    assert not done.outputs["made.env"].kept
    assert "holds secrets" in done.outputs["made.env"].note


def test_what_is_secret_in_the_command_line_is_not_kept_of_the_console(run, project, tmp_path):
    write(
        project,
        {"t.py": "import sys\nprint(sys.argv[1:], 0.5, 12345678)\nraise ValueError(sys.argv[2])"},
    )
    words = ("--password", "letmeinplease", "--token=hello-tok-12345", "https://u:pw12345678@h/")
    done = run("python", "t.py", *words, params={"api_key": "zzz123zzz123", "lr": "0.5"})
    stored = everything(done, tmp_path)
    for secret in (b"letmeinplease", b"hello-tok-12345", b"pw12345678", b"zzz123zzz123"):
        assert secret not in stored
    out, err = done.console
    assert out == (
        b"['--password', 'redacted:--password', '--token=redacted:--token',"
        b" 'https://u:redacted:url-password@h/'] 0.5 12345678\n"
    )
    assert b"ValueError: redacted:--password" in err


@pytest.mark.parametrize("secret", ["correcthorsebattery", "1234567890123456", "hunter2"])
def test_the_value_of_a_secret_variable_is_kept_nowhere(run, project, tmp_path, secret):
    write(project, {"t.py": "import os, sys\nprint(os.environ['MY_PASSWORD'], file=sys.stderr)"})
    done = run(
        *("python", "t.py", secret),
        environ={"MY_PASSWORD": secret},
        params={"x": secret},
        tags={"k": secret, secret: "v"},
        name=secret,
        project=f"p {secret}",
        experiment=secret,
    )
    assert secret.encode() not in everything(done, tmp_path)
    assert done.console[1] == b"redacted:MY_PASSWORD\n"
    assert done.outcome.name == "redacted:MY_PASSWORD"
    wheres = {one.where for one in done.manifest.redactions}
    assert wheres == {"argv", "env", "params", "tags", "name", "console"} - {"params"} | (
        {"params"} & wheres
    )


def test_tokens_in_what_is_said_of_a_run_are_kept_nowhere(run, tmp_path):
    done = run(
        "true", tags={"x": TOKEN, TOKEN: "y"}, params={TOKEN: "1"}, name=TOKEN, project=TOKEN
    )
    assert TOKEN.encode() not in everything(done, tmp_path)


def test_secrets_of_a_string_for_a_shell_are_named_as_they_are(run, tmp_path):
    text = "export TOKEN=abcd1234efgh; echo $TOKEN; PGPASSWORD=hunter2hunter true -u user:passw0rd1"
    done = run("sh", "-c", text)
    stored = everything(done, tmp_path)
    for secret in (b"abcd1234efgh", b"hunter2hunter", b"passw0rd1"):
        assert secret not in stored
    assert done.console[0] == b"redacted:TOKEN\n"
    names = [one.name for one in done.manifest.redactions if one.where == "argv"]
    assert names == ["TOKEN", "PGPASSWORD", "-u"]
    assert "argument TOKEN is a secret that must be handed over again" in done.manifest.blockers


def test_secrets_of_programs_that_the_run_starts_are_not_kept(run, project, tmp_path):
    words = ["true", "--password", "letmeinplease", "-u", "me:passw0rd1"]
    write(project, {"t.py": f"import subprocess\nsubprocess.run({words!r})"})
    done = run("python", "t.py")
    (project / "t.py").unlink()
    assert done.manifest.commands == ("true --password redacted:flag -u me:redacted:user-password",)


def test_colours_in_a_token_hide_it_from_nobody(run, tmp_path):
    done = run("printf", f"a \\033[31m{TOKEN[:4]}\\033[0m{TOKEN[4:]} b\n")
    assert TOKEN[4:].encode() not in done.console[0]
    assert done.console[0].startswith(b"a \x1b[31m")
    assert done.console[0].endswith(b" b\n")


def test_outputs_that_hold_secrets_are_named(run, project):
    write(
        project, {"t.py": f"open('a.txt', 'w').write('k {TOKEN}')\nopen('b.txt', 'w').write('0.5')"}
    )
    done = run("python", "t.py")
    assert done.bytes_of(done.outputs["a.txt"]) == f"k {TOKEN}".encode()
    assert [text for text in done.manifest.capture.warnings if "output" in text] == [
        "output a.txt holds a secret and was kept with it (github-token)"
    ]


def test_a_token_in_the_name_of_an_output_is_not_kept(run, project, tmp_path):
    code = f"open('{TOKEN[:9]}' + '{TOKEN[9:]}', 'w').write('x')"
    write(project, {"t.py": code})
    done = run("python", "t.py")
    assert TOKEN.encode() not in everything(done, tmp_path)
    assert set(done.outputs) == {"redacted:github-token"}


def test_a_token_as_user_of_a_remote_is_not_kept(run, project, git, tmp_path):
    git(project, "init", "-q")
    git(project, "remote", "add", "origin", "https://abcdefghij0123456789klm@example.org/x.git")
    done = run("true")
    assert done.manifest.git.remote == "https://redacted:url-token@example.org/x.git"


def test_results_that_are_no_secrets_stay(run, project):
    text = "epoch 12 loss=0.12345678 step 12345678 token 17 of 99 password reset production"
    write(project, {"t.py": f"print({text!r})"})
    environ = {"A_TOKEN": "0.12345678", "B_SECRET": "production", "C_TOKEN_COUNT": "1000000"}
    done = run("python", "t.py", "--token", "17", "--password", "reset", environ=environ)
    assert done.console[0].decode() == text + "\n"


def test_a_secret_in_a_file_that_the_run_never_opened_is_not_in_the_way(run, project):
    if preflight() is not None:
        pytest.skip("not run: the kernel cannot be asked here")
    files = {"used.py": f"KEY = '{TOKEN}'", "t.py": "import used", "other.py": f"KEY = '{TOKEN}'"}
    write(project, files)
    for _ in range(2):  # the second time from its bytecode
        done = run("python", "t.py")
        assert {one.name for one in done.manifest.redactions} == {"used.py", "other.py"}
        assert [line for line in done.manifest.blockers if "secret" in line] == [
            "used.py holds a secret that is not kept (github-token)"
        ]
    done = run("python", "t.py", trace="python")
    assert len([line for line in done.manifest.blockers if "secret" in line]) == 2


def test_the_key_of_this_device_is_kept_nowhere_though_a_project_links_to_it(run, project):
    record = run("true").record
    path = Path(record.workspace) / "keys" / "device.key"
    key = path.read_bytes().strip()
    write(project, {"t.py": "print(open('k.key').read(), open('dir/device.key').read())"})
    (project / "k.key").symlink_to(path)
    (project / "dir").symlink_to(path.parent)
    done = run("python", "t.py")
    assert key in done.out
    assert b"redacted:device.key" in done.console[0]
    vault = done.record.vault
    assert not [name for name in vault.objects() if key in vault.get(name)]
