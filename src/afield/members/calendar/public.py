"""Public holidays of countries and their subdivisions: the dates, as `holidays` knows them.

The library is large and loads here, on first use. Two copies of a record can hold different
versions of it; what they derive then differs on the days on which those do.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from afield.kernel.late import late
from afield.members.errors import HoursBad

HINT = "afield hours holidays DE-BE"
_CODE = late(r"([A-Z]{2})(?:-([A-Z0-9]{1,4}))?")


def region_of(words: str) -> str:
    """Return a country, and maybe its subdivision, as ISO 3166 spells it: `DE`, `US-CA`.

    Raises:
        HoursBad: no holidays are known of it.
    """
    asked = words.strip().upper()
    parts = _CODE().fullmatch(asked)
    if parts is None:
        raise HoursBad("not a country or its subdivision", words, "as `DE` or `DE-BE`", hint=HINT)
    from holidays import list_supported_countries

    known = list_supported_countries(include_aliases=True)
    if parts[1] not in known:
        raise HoursBad("no holidays are known of the country", parts[1], hint=HINT)
    if parts[2] and parts[2] not in known[parts[1]]:
        some = ", ".join(known[parts[1]][:20]) or "it has none"
        raise HoursBad("no such subdivision of the country", asked, some, hint=HINT)
    return asked


def is_region(said: object) -> bool:
    """Tell whether a text is spelt as a region; whether holidays are known of it is not asked."""
    return isinstance(said, str) and bool(_CODE().fullmatch(said))


@lru_cache(maxsize=512)
def holidays_of(region: str, year: int) -> dict[date, str]:
    """Return the public holidays of a region in a year, by name; none where none are known."""
    from holidays import country_holidays

    country, _, subdivision = region.partition("-")
    try:
        found = country_holidays(country, subdiv=subdivision or None, years=year)
    except NotImplementedError:  # a region that this version of the library does not know
        return {}
    return {day: str(name) for day, name in found.items() if day.year == year}
