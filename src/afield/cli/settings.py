"""What a person or a workspace can set, and where it stands.

The person's settings are in the platform's configuration folder, the workspace's in
`.afield/settings.toml`; the workspace's win. Rooms below get values, never this file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from afield.cli.session import Session
from afield.kernel.errors import Refused, Usage

Value = str | int | float | bool
Scope = Literal["workspace", "person"]
_FILE = "settings.toml"


class Setting(NamedTuple):
    """One setting: what holds when nobody set it, what it may be, what it means."""

    default: Value
    meaning: str
    choices: tuple[str, ...] = ()


SETTINGS: dict[str, Setting] = {
    "run.project": Setting("", "project of new runs; empty: the repository's name"),
    "run.seed": Setting(default=True, meaning="record and replay randomness"),
    "run.mlflow": Setting(default=True, meaning="take in what MLflow's client logs"),
    "run.tensorboard": Setting(default=True, meaning="make series of event files' scalars"),
    "run.trace": Setting("auto", "how files are seen", ("auto", "python", "off")),
    "run.keep_mb": Setting(1000, "largest file whose bytes are kept, in MB"),
    "reproduce.env": Setting("exact", "rebuild the environment, or use this", ("exact", "here")),
    "reproduce.tolerance": Setting(1e-6, "largest relative difference of numbers"),
}


class SettingUnknown(Usage):
    """There is no setting of this name."""

    code = "cli.setting_unknown"


class SettingWrong(Usage):
    """The value does not fit the setting."""

    code = "cli.setting_wrong"


class SettingsUnreadable(Refused):
    """A settings file is not TOML."""

    code = "cli.settings_unreadable"


class Settings(NamedTuple):
    """The values that hold, and which scope each comes from (`default` when nobody set it)."""

    values: Mapping[str, Value]
    origins: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a setting that is text."""
        return str(self.values[name])

    def yes(self, name: str) -> bool:
        """Return a setting that is yes or no."""
        return bool(self.values[name])

    def integer(self, name: str) -> int:
        """Return a setting that is a whole number."""
        return int(self.values[name])

    def number(self, name: str) -> float:
        """Return a setting that is a number."""
        return float(self.values[name])


def settings_file(session: Session, scope: Scope) -> str:
    """Return where the settings of a scope stand."""
    if scope == "workspace":
        return os.path.join(session.place(), _FILE)
    return os.path.join(person_folder(session.environ), _FILE)


def person_folder(environ: Mapping[str, str]) -> str:
    """Return the platform's folder for a person's configuration of Afield."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        folder = environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif sys.platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        folder = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "afield")


def load_settings(session: Session) -> Settings:
    """Return what holds: the workspace's settings over the person's over the defaults."""
    values: dict[str, Value] = {name: known.default for name, known in SETTINGS.items()}
    origins = dict.fromkeys(values, "default")
    scopes: tuple[Scope, ...] = ("person", "workspace")
    for scope in scopes:
        for name, value in _read(settings_file(session, scope)).items():
            values[name] = check(name, str(value))
            origins[name] = scope
    return Settings(values, origins)


def change(session: Session, scope: Scope, name: str, text: str | None) -> None:
    """Set a setting in a scope, or unset it (None).

    Raises:
        SettingUnknown: there is none of this name.
        SettingWrong: the value does not fit.
    """
    from pathlib import Path  # not where settings are only read

    known(name)
    path = Path(settings_file(session, scope))
    values = _read(os.fspath(path))
    if text is None:
        values.pop(name, None)
    else:
        values[name] = check(name, text)
    lines = [f'"{key}" = {_toml(value)}\n' for key, value in sorted(values.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    temporary.write_text("".join(lines), encoding="utf-8")
    temporary.replace(path)


def known(name: str) -> Setting:
    """Return the setting of a name.

    Raises:
        SettingUnknown: there is none.
    """
    if name not in SETTINGS:
        from difflib import get_close_matches

        near = get_close_matches(name, SETTINGS, n=1, cutoff=0.4)
        why = f"did you mean `{near[0]}`?" if near else None
        raise SettingUnknown("no such setting", name, why, hint="afield config")
    return SETTINGS[name]


def check(name: str, text: str) -> Value:
    """Parse the value of a setting.

    Raises:
        SettingWrong: it does not fit.
    """
    setting = known(name)
    if setting.choices and text not in setting.choices:
        raise SettingWrong(f"cannot set {name}", text, f"one of {', '.join(setting.choices)}")
    if isinstance(setting.default, bool):
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if text.lower() not in words:
            raise SettingWrong(f"cannot set {name}", text, "true or false")
        return words[text.lower()]
    if isinstance(setting.default, int | float):
        try:
            number = type(setting.default)(text)
        except ValueError as error:
            raise SettingWrong(f"cannot set {name}", text, "not a number") from error
        if not 0 <= number < float("inf"):
            raise SettingWrong(f"cannot set {name}", text, "not negative, and finite")
        return number
    return text


def _read(path: str) -> dict[str, Value]:
    try:
        with open(path, "rb") as stream:
            text = stream.read()
    except FileNotFoundError:
        return {}
    import tomllib  # nobody may have set anything

    try:
        return _flat(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        hint = f"mend or remove {path}"
        raise SettingsUnreadable("cannot read settings", path, "not TOML", hint=hint) from error


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Value]:
    """Return tables as dotted names: `run.trace = …`, `[run] trace = …`, all the same."""
    flat: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value)
    import json

    return json.dumps(value, ensure_ascii=False)
