"""Files of secrets come from where they stood, or are asked for; no record holds them."""

from __future__ import annotations

SECRET = "supersecret" + "99x"
SCRIPT = "print(len(open('.env').read()))\n"


def recorded(project, *, ignored):
    project.write(".gitignore", ".env\n" if ignored else "")
    project.write(".env", f"DB_PASSWORD={SECRET}\n")
    project.write("t.py", SCRIPT)
    return project.record("python", "t.py")


def secret_gaps(report):
    return [text for text in report.reasons if ".env" in text]


def test_a_file_of_secrets_that_still_stands_there_is_handed_back(project):
    for ignored in (True, False):
        run = recorded(project, ignored=ignored)
        report = project.reproduce(run)
        assert report.verdict == "identical", report
    for path in project.workspace.path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_one_that_is_gone_is_asked_for(project):
    run = recorded(project, ignored=True)
    (project.folder / ".env").unlink()
    report = project.reproduce(run)
    assert report.verdict in {"incomplete", "diverged"}
    (told,) = secret_gaps(report)
    assert ".env holds secrets, which are not in the record; put it at" in told


def test_one_that_is_another_is_told(project):
    run = recorded(project, ignored=True)
    project.write(".env", f"DB_PASSWORD={SECRET}zz\n")
    report = project.reproduce(run)
    assert ".env differs from what the run read" in " ".join(secret_gaps(report))
