"""Draws docs/images/session.svg from a real session: the demo's project, recorded and reproduced.

    python docs/images/session.py

Every line in the picture came out of the commands shown, run on a pseudo-terminal.
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 100
HERE = Path(__file__).parent
AFIELD = [sys.executable, "-m", "afield"]


def on_a_terminal(words: list[str], folder: Path, environ: dict[str, str]) -> list[str]:
    """Run a command on a pseudo-terminal and return the lines that stay on the screen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, cwd=folder, env=environ, stdout=theirs, stderr=theirs):
        os.close(theirs)
        data = b""
        while True:
            try:
                block = os.read(ours, 65536)
            except OSError:
                break
            if not block:
                break
            data += block
    os.close(ours)
    lines: list[str] = []
    for line in data.decode().replace("\r\n", "\n").split("\n"):
        if "\x1b[1A" in line and lines:
            lines.pop()
        kept = line.rsplit("\r", 1)[-1]
        lines.append(re.sub(r"\x1b\[(\?25[lh]|2K|1A)", "", kept))
    while lines and not lines[-1]:
        lines.pop()
    return lines


def main() -> None:
    """Play the session and write the picture."""
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    for name in ("NO_COLOR", "AFIELD_WORKSPACE", "AFIELD_RUN"):
        environ.pop(name, None)
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder) / "demo"
        subprocess.run([*AFIELD, "demo", "--folder", str(folder)], check=True, env=environ)
        project = folder / "digits"
        scripts = project / ".venv" / "bin"
        environ |= {"PATH": f"{scripts}:{environ['PATH']}", "VIRTUAL_ENV": str(scripts.parent)}
        install = ["uv", "pip", "install", "-q", "-r", "requirements.txt"]
        subprocess.run([sys.executable, "-m", *install], cwd=project, env=environ, check=True)
        shown: list[str] = []

        def show(*words: str) -> None:
            shown.append(f"\x1b[1;36m$ afield {' '.join(words)}\x1b[0m")
            shown.extend(on_a_terminal([*AFIELD, *words], project, environ))
            shown.append("")

        show("run", "python", "train.py", "--lr", "0.05")
        listed = [*AFIELD, "runs", "-n", "1", "--columns", "id"]
        done = subprocess.run(
            listed, cwd=project, env=environ, check=True, capture_output=True, text=True
        )
        run = done.stdout.split()[1]
        show("reproduce", run)
    draw(shown[:-1], "session.svg")


def draw(lines: list[str], name: str) -> None:
    """Draw lines of a terminal as a picture beside this file."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    for line in lines:
        console.print(Text.from_ansi(line), overflow="fold", no_wrap=False)
    svg = console.export_svg(title="afield")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # nothing is loaded from afar
    svg = svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    (HERE / name).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
