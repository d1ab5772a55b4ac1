"""Names for runs that were given none, and what the name of a file tells of it.

A name is two words and a number, easy to say over the phone.
"""

from __future__ import annotations

from afield.kernel.ids import RunId

_HOW = (  # noqa: SIM905 - reads better than sixty quoted words
    "amber able bold brave bright brisk broad calm clear clever cosy crisp curious deep early "
    "easy fair fine firm fleet fond free fresh gentle glad golden good grand green happy hardy "
    "high honest jolly keen kind late light lively long loyal lucky mellow merry mild neat new "
    "nimble noble patient plain proud quick quiet rapid ready rosy round sharp shy silver"
).split()
_WHAT = (  # noqa: SIM905 - same
    "acorn alder apple aspen badger bay beech birch brook cedar cliff cloud clover comet cove "
    "crane creek delta dune ember falcon fern field finch fjord forest fox garden grove harbour "
    "hare hazel heron hill island ivy lake larch lark lynx maple marsh meadow moon moor moss "
    "oak orchard otter owl path pine plum pond reed ridge river robin rowan shore spruce star"
).split()
NOTEBOOK = ".ipynb"
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def default_name(run: RunId) -> str:
    """Return the name that goes with a run's random id; the same id gives the same name."""
    number = 0
    for character in run:
        number = number << 5 | _DIGITS.index(character)
    number, how = divmod(number, len(_HOW))
    number, what = divmod(number, len(_WHAT))
    return f"{_HOW[how]}-{_WHAT[what]}-{number % 1000}"


def is_notebook(path: str) -> bool:
    """Tell whether a file is a notebook by its name."""
    return path.lower().endswith(NOTEBOOK)
