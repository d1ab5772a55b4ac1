"""Pictures of pages: `python tests/browser/shots.py ADDRESS FOLDER /runs /compare?runs=a,b`.

Each in light, in dark and as wide as a telephone; what a page says on its console is printed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from chromium import browser

LOOKS = {
    "light": {"viewport": {"width": 1360, "height": 850}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1360, "height": 850}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 800}, "color_scheme": "light"},
}


def take(base: str, folder: Path, paths: list[str]) -> None:
    """Take the pictures of these pages."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as chromium:
        for look, how in LOOKS.items():
            context = chromium.new_context(**how)
            for path in paths:
                page = context.new_page()
                page.on("console", lambda said: print(f"{said.type}: {said.text}"))  # noqa: T201
                page.on("pageerror", lambda fault: print(f"fault: {fault}"))  # noqa: T201
                page.goto(base + path, wait_until="load")
                page.locator("h1").first.wait_for()
                page.wait_for_timeout(900)  # charts and previews come after the heading
                name = re.sub(r"\W+", "-", path).strip("-")[:60] or "home"
                page.screenshot(path=folder / f"{name}-{look}.png")
                page.close()
            context.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(sys.argv[2]), sys.argv[3:])
