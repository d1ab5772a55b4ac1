"""`Run.config` and `Run.summary`: mappings that write each change down as it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from afield.kernel.errors import Usage


class Settings(Mapping[str, Any]):
    """A mapping whose values may be read and set as items or as attributes.

    Holds the values as they were given; what is recorded of them is the writer's matter. A
    change cannot be taken back, only overwritten.
    """

    def __init__(
        self,
        write: Callable[[Mapping[str, object]], bool],
        refuse: Callable[[Exception], None],
    ) -> None:
        """Hand changes to `write`, which says whether they count, and what is none to `refuse`."""
        object.__setattr__(self, "_write", write)
        object.__setattr__(self, "_refuse", refuse)
        object.__setattr__(self, "_values", {})

    def update(self, values: object, *, allow_val_change: bool | None = None) -> None:
        """Set several values at once; from a mapping, pairs, or an `argparse.Namespace`.

        Args:
            values: the new values; those of other names stay.
            allow_val_change: taken for scripts that pass it; a change is always allowed.
        """
        del allow_val_change
        try:
            found = as_mapping(values)
        except Usage as error:
            self._refuse(error)
            return
        if self._write(found):
            self._values.update(found)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of `name`, set to `default` when it has none."""
        if name not in self._values:
            self[name] = default
        return self._values[name]

    def setdefaults(self, values: Mapping[str, object]) -> None:
        """Set the values whose names have none yet."""
        self.update({name: value for name, value in values.items() if name not in self._values})

    def prefill(self, values: Mapping[str, object]) -> None:
        """Take values that are recorded already."""
        self._values.update(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: object) -> None:
        self.update({name: value})

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        self.update({name: value})

    def __repr__(self) -> str:
        return repr(self._values)


def as_mapping(values: object) -> dict[str, object]:
    """Return a configuration as a dictionary: of a mapping, pairs, or an object's attributes.

    Raises:
        Usage: it is nothing of the kind.
    """
    if values is None:
        return {}
    if isinstance(values, Mapping):
        return {str(name): value for name, value in values.items()}
    if hasattr(values, "__dict__") and not callable(values):
        return dict(vars(values))
    try:
        pairs: dict[object, object] = dict(values)  # type: ignore[call-overload]
    except (TypeError, ValueError) as error:
        why = f"a mapping is wanted, not {type(values).__name__}"
        raise Usage("cannot take values", None, why) from error
    return {str(name): value for name, value in pairs.items()}
