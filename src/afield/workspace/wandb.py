"""The words of W&B's `init` that have no meaning here; they are taken so that scripts run."""

from __future__ import annotations

_QUIET = frozenset({"entity", "reinit", "settings", "anonymous", "force", "allow_val_change"})
_TOLD = frozenset(
    {
        *("id", "resume", "resume_from", "fork_from", "dir", "save_code"),
        *("sync_tensorboard", "tensorboard", "monitor_gym", "magic"),
        *("config_include_keys", "config_exclude_keys"),
    }
)
_said: set[str] = set()


def check(given: dict[str, object]) -> None:
    """Say once which of the words that a script relies on are not looked at.

    Raises:
        TypeError: W&B has no such word either.
    """
    for name in given:
        if name not in _QUIET | _TOLD:
            import difflib  # rarely needed, and not light

            close = difflib.get_close_matches(name, _QUIET | _TOLD, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise TypeError(f"init() got an unexpected keyword argument {name!r}{hint}")
    ignored = [name for name in given if name in _TOLD and given[name] and name not in _said]
    if ignored:
        import logging  # rarely needed, and not light

        _said.update(ignored)
        logging.getLogger("afield").warning(
            "init: `%s` %s ignored: every call begins a run of its own, in the workspace",
            "`, `".join(ignored),
            "is" if len(ignored) == 1 else "are",
        )
