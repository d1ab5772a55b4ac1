"""A day of three people in three zones, who meet only at a folder: what `demo --team` plays.

What comes out is checked on the way and, in the end, in all three copies.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from afield.cli.demo_people import Person
from afield.cli.demo_stage import DemoFailed
from afield.cli.session import Session

_SHORT = 8
MONDAY, TUESDAY = 30, 1
"""Of November and December 2026."""


def play_day(session: Session, place: Path) -> dict[str, Any]:
    """Play the day in a new folder; return what it came to.

    Raises:
        DemoFailed: something came out otherwise than it must.
    """
    mia = Person(session, place, "Mia", "America/Los_Angeles")
    jonas = Person(session, place, "Jonas", "Europe/Berlin")
    asha = Person(session, place, "Asha", "Asia/Kolkata")
    _meet(mia, jonas, asha, place)
    handover = _los_angeles(mia)
    decision = _kolkata(asha, handover)
    _berlin(jonas, decision)
    _los_angeles_again(mia)
    return _agree((mia, jonas, asha), handover, decision)


def _meet(mia: Person, jonas: Person, asha: Person, place: Path) -> None:
    """Let three copies of one record be, each with its member's hours."""
    mia.comes(datetime(2026, 11, MONDAY, 8, 0), "Mia makes the record; the others join")  # noqa: DTZ001
    mia.bring_project()
    mia.quietly("init")
    mia.quietly("remote", "add", "stick", str(place / "stick"))
    mia.quietly("sync")
    phrases = []
    for one, hour in ((jonas, 17), (asha, 22)):
        one.comes(datetime(2026, 11, MONDAY, hour, 40), f"{one.name} clones it from the stick")  # noqa: DTZ001
        cloned = one.quietly("clone", str(place / "stick"), str(one.folder))
        phrases.append(str(cloned["phrase"]))
        one.bring_project()
    mia.comes(datetime(2026, 11, MONDAY, 9, 0), "Mia lets both in, by the phrases they tell her")  # noqa: DTZ001
    mia.quietly("sync")
    for phrase in phrases:
        mia.quietly("join", *phrase.split())
    for one in (mia, jonas, asha):
        one.quietly("hours", "zone", one.zone.key)
        one.quietly("hours", "set", "Mon-Fri 09:00-17:00")
    for one in (mia, jonas, asha, mia):
        one.quietly("sync")


def _los_angeles(mia: Person) -> str:
    mia.comes(  # it is night in Kolkata
        datetime(2026, 11, MONDAY, 16, 20),  # noqa: DTZ001
        "Mia trains, fails, asks, and hands over. No network",
    )
    mia.types("run", "--name", "slow", "python", "train.py", "--lr", "0.0002")
    mia.types("run", "--name", "fast", "python", "train.py", "--lr", "500", expected=1)
    mia.types("ask", "asha", "Which learning rate holds?", "--about", "run:fast", "--due", "6h")
    mia.types("review", "run:slow", "--by", "asha", "--due", "4h")
    mia.types("eod", "--to", "asha", "--backup", "jonas", "--next", "- train with what you find")
    (item,) = mia.quietly("handover", "list")["handovers"]
    id_ = str(item["id"])[:_SHORT]
    mia.types(
        *("handover", "fill", id_, "1", "--assessment", "the steps are too large, not the data"),
        *("--if", "it overflows below 1, too", "--then", "scale the inputs", "--call", "me"),
    )
    mia.types("handover", "offer", id_, "--safe-state", "nothing runs; nothing to stop")
    mia.types("sync")
    return id_


def _kolkata(asha: Person, handover: str) -> str:
    asha.comes(datetime(2026, 12, TUESDAY, 9, 5), "Asha wakes to it, and is offline until night")  # noqa: DTZ001
    asha.types("sync")
    asha.types("brief")
    asha.types(
        *("handover", "accept", handover),
        "The overflow is mine: I look for a rate that holds; if none below 1 does, I scale.",
    )
    asha.comes(datetime(2026, 12, TUESDAY, 11, 0), "She repeats Mia's run, and finds a better one")  # noqa: DTZ001
    asha.types("reproduce", "slow", "--env", "here")
    asha.types("run", "--name", "steady", "python", "train.py", "--lr", "0.02")
    (asked,) = asha.quietly("ask", "list")["asks"]
    asha.types("ask", "answer", str(asked["id"])[:_SHORT], "0.02 holds", "--about", "run:steady")
    asha.types(
        *("decide", "Train at 0.02", "--evidence", "run:steady", "--evidence", "run:fast"),
        *("--decider", "jonas", "--consult", "mia"),
    )
    (made,) = asha.quietly("decision", "list")["decisions"]
    id_ = str(made["id"])[:_SHORT]
    asha.types("decision", "propose", id_)
    asha.comes(datetime(2026, 12, TUESDAY, 16, 50), "Her day ends")  # noqa: DTZ001
    asha.types("eod", "--next", "- nothing is open")
    asha.types("sync")
    return id_


def _berlin(jonas: Person, decision: str) -> None:
    jonas.comes(datetime(2026, 12, TUESDAY, 13, 30), "Jonas, whose the decision is")  # noqa: DTZ001
    jonas.types("sync")
    jonas.types("brief")
    jonas.types("decision", "settle", decision, "accepted", "the numbers are clear")
    jonas.types("standup", "--unchanged")
    jonas.types("sync")


def _los_angeles_again(mia: Person) -> None:
    mia.comes(datetime(2026, 12, TUESDAY, 9, 0), "Mia wakes to the brief")  # noqa: DTZ001
    mia.types("sync")
    told = mia.quietly("brief", "--peek")
    mia.types("brief")
    mia.types("digest")
    kinds = {line["kind"] for section in told["sections"] for line in section["lines"]}
    lacking = {"answered", "decided", "best", "reproduced", "accepted", "standup"} - kinds
    if lacking:
        raise DemoFailed("the demo failed", ", ".join(sorted(lacking)), "not in Mia's brief")


def _agree(people: tuple[Person, ...], handover: str, decision: str) -> dict[str, Any]:
    """Return what all three copies say of the day.

    Raises:
        DemoFailed: they do not say the same, or not what it must be.
    """
    for _ in range(2):
        for one in people:
            one.quietly("sync")
    told = []
    for one in people:
        taken = one.quietly("handover", "show", handover)
        (review,) = one.quietly("review", "list", "--all")["reviews"]
        one.quietly("verify")  # damage has an exit code of its own
        told.append(
            {
                "handover": taken["state"],
                "by": taken["names"][taken["lines"][0]["by"]],
                "accept_minutes": taken["measures"]["accept_minutes"],
                "review": [each["verdict"] for each in review["verdicts"]],
                "decision": one.quietly("decision", "show", decision)["state"],
                "runs": len(one.quietly("runs")["runs"]),
            }
        )
    wanted = {
        "handover": "accepted",
        "by": "Asha",
        "review": ["reproduced"],
        "decision": "accepted",
        "runs": 4,
    }
    for one, found in zip(people, told, strict=True):
        wrong = {name: found[name] for name, value in wanted.items() if found[name] != value}
        if wrong or found != told[0]:
            raise DemoFailed("the demo failed", one.name, f"says {wrong or found}")
    return told[0]
