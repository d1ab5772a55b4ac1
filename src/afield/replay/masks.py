"""What differs from run to run without meaning anything, masked out of console text.

Clock times, dates of the run, durations, object addresses, temporary paths, process ids and the
folders of the project and its environment. Each mask is replaced by its own name, and its use
is counted, so that a report can say what was not judged. Values that only look similar are left
alone: a date is masked only when it lies within the time of the run itself, a time only where
the words around it (`timing`) say that it was measured, or where `Time:` names a time of the run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from afield.replay.timing import DURATIONS, is_duration_name

__all__ = [
    "Masks",
    "Window",
    "in_temporary_folder",
    "is_cache",
    "is_duration_name",
    "last_frames",
]

_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
MOMENT_CHARS_MAX = 64
DAY_S = 86_400
_B = r"[^\S\n]"  # a blank within a line: a masked text keeps its lines
_CLOCK = (
    rf"(?<![\d:.])\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d{{1,9}})?(?:{_B}?[AaPp]\.?[Mm]\.?)?"
    rf"(?:{_B}?(?:Z|[+-]\d{{2}}:?\d{{2}}|UTC|GMT|[A-Z]{{3,4}}T))?\b(?![:\d])"
)
_LEVEL = r"(?:INFO|DEBUG|WARN(?:ING)?|ERROR|CRITICAL|FATAL|TRACE)"
_CLOCK_TIMES = tuple(  # a clock time elsewhere may be a value
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rf"(<date>[ ,T_]{{0,2}}){_CLOCK}(?: 20\d\d\b)?",
        rf"(^{_B}{{0,8}}[\[(]?){_CLOCK}",
        rf"(^\[?(?:{_LEVEL}|[IWEFD])[\]:]?[ |-]{{1,4}}\[?){_CLOCK}",
        rf"(){_CLOCK}(?=\]?[ |:-]{{1,4}}\[?{_LEVEL}\b)",
        (
            rf"(?i:(\b(?:start(?:ed|ing)?|beg[aiu]n|finish(?:ed)?|end(?:ed)?|done|saved|completed"
            rf"|stopped|current|local|now|timestamp)(?: time)?{_B}?[:=@]?{_B}?(?:at{_B})?)){_CLOCK}"
        ),
    )
)
_TIME_OF_DAY = re.compile(  # as the tables of statsmodels head it
    rf"(^{_B}{{0,8}}Time{_B}?[:=]{_B}{{0,60}})((?P<h>\d{{1,2}}):(?P<m>\d{{2}}):(?P<s>\d{{2}}))(?![:\d.])",
    re.MULTILINE,
)
_DATE = re.compile(
    r"(?<![\d./-])(?:"
    r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{2})(?P=s)(?P<d>\d{2})"
    r"|(?P<c>20\d{6})(?=[_T-]\d{6}(?!\d)|(?!\d))"
    r"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?[^\S\n]+)?"
    r"(?:(?P<mon>[A-Z][a-z]{2})[a-z]*\.?[^\S\n]+(?P<day>\d{1,2}),?(?:[^\S\n]+(?P<year>\d{4}))?(?![\d:])"
    r"|(?P<day2>\d{1,2}),?[^\S\n]+(?P<mon2>[A-Z][a-z]{2})[a-z]*\.?,?[^\S\n]+(?P<year2>\d{4}))"
    r")(?:[T_](?=\d))?"
)
_COMPACT_CLOCK = re.compile(
    r"(?<=<date>)[-_T]?\d{6}(?:\.\d+)?(?!\d)|(?<=<date>)[^\S\n]*\d{1,2}:\d{2}\b"
)
_RATE = re.compile(
    rf"(?<![\w.])\d+(?:[.,]\d+){{0,4}}{_B}?[kKMG]?i?(?:its?|iters?|samples?|steps?|examples?"
    r"|batch(?:es)?|rows?|tokens?|B|b|bytes|images?|imgs?|epochs?|runs?)"
    rf"{_B}?/{_B}?(?:s|sec|min)\b"
)
_PROGRESS = re.compile(
    r"\[\d+(?::\d{2})+<(?:\d+(?::\d{2})+|\?)(?:,[^\]\n]{0,60})?\]"
    r"(?: +(?=[\r\n]|\Z))?"  # blanks over what a longer rate left on the line
)
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b|\b0x(?:7[ef]|5[56])[0-9a-f]{10}\b")
_PROCESS = re.compile(rf"(?i)\b(p?pid{_B}?[=:]?{_B}?)\d{{1,7}}\b")
_WARNING_PID = re.compile(r"(?<=\[)\d{2,7}(?=\] (?:INFO|DEBUG|WARN|ERROR|TRACE))")
_TEMPORARY = re.compile(
    r"(?:/private)?(?:/var)?/tmp/(?:tmp[a-z0-9_]{8}|tmp\.[A-Za-z0-9]{6,10}|joblib_[\w-]+"
    r"|torchelastic_\w+"
    # what mkdtemp and mktemp append to a name: letters mixed with digits
    r"|[\w-]*[-_.](?=[A-Za-z_]{0,9}\d)(?=\d{0,9}[A-Za-z_])"
    r"(?:[a-z0-9_]{8}|[A-Za-z0-9]{6}|[A-Za-z0-9]{10}))(?![\w-])"
    r"|(?:/private)?/var/folders/[\w+]{2}/[\w+]+/T/[\w.-]+"
    r"|(?i:[a-z]:\\users\\[^\\\s]+\\appdata\\local\\temp\\[\w.-]+)"
    r"|(?<=[\\/])ipykernel_\d+(?=[\\/]\d+\.py)"  # the file that a cell's traceback names
)
_EVENT_FILE = re.compile(r"(events\.out\.tfevents\.)\d{9,11}(?:\.[\w-]+)*")
_PACKAGES = re.compile(
    r"<(?:environment|python)>[\\/](?:local[\\/])?[Ll]ib(?:64)?[\\/](?:python3?[\d.]*[\\/])?"
    r"(?:site|dist)-packages(?=$|[\\/\s'\"`:;,)\]}>])",
    re.MULTILINE,
)
_CACHE = re.compile(
    r"(?:^|/)(?:__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.ipynb_checkpoints"
    r"|\.hypothesis|\.cache|\.matplotlib|Library/Caches)/|\.pyc$|(?:^|/)fontlist-[\w.-]+\.json$"
)


@dataclass(frozen=True, slots=True)
class Window:
    """When a run ran: Unix milliseconds, from its start to its end, and its seconds off UTC."""

    start_ms: int
    end_ms: int
    utc_offset_s: int = 0

    def holds_day(self, day: date) -> bool:
        """Tell whether `day` is a day of the run in any time zone."""
        first = datetime.fromtimestamp(self.start_ms / 1000, UTC).date() - timedelta(days=1)
        last = datetime.fromtimestamp(self.end_ms / 1000, UTC).date() + timedelta(days=1)
        return first <= day <= last

    def holds_ms(self, unix_ms: float, slack_ms: float = 5_000) -> bool:
        """Tell whether a moment lies within the run."""
        return self.start_ms - slack_ms <= unix_ms <= self.end_ms + slack_ms

    def holds_time_of_day(self, second: int, slack_s: int = 2) -> bool:
        """Tell whether a local time, in seconds since midnight, lies within the run."""
        first = self.start_ms // 1000 + self.utc_offset_s - slack_s
        last = self.end_ms // 1000 + self.utc_offset_s + slack_s
        return (second - first) % DAY_S <= last - first


@dataclass(slots=True)
class Masks:
    """The masks of one side: its folders, longest first, and the time it ran.

    Args:
        folders: (path, name) pairs; a path is replaced by `<name>` wherever it stands whole.
        window: when the run ran; None masks no dates.
        used: how often each mask was applied.
        renamed: (own, other) pairs; this side's id and name, and what the other side calls itself.
    """

    folders: Iterable[tuple[str, str]] = ()
    window: Window | None = None
    used: Counter[str] = field(default_factory=Counter)
    renamed: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        named: dict[str, str] = {}
        for path, name in self.folders:  # of several names for one folder the first counts
            named.setdefault(path.rstrip("/\\"), name)
        pairs = [(path, name) for path, name in named.items() if len(path) > 1]
        self.folders = sorted(pairs, key=_by_length)

    def exact(self, text: str) -> str:
        """Mask what is known to the letter: folders of this side, and its own id and name."""
        for path, name in self.folders:
            if path in text:
                pattern = re.escape(path) + r"(?=$|[\\/\s'\"`:;,)\]}>.!?&|#])"
                text = self._replace(re.compile(pattern, re.MULTILINE), f"<{name}>", "paths", text)
        for own, other in self.renamed:
            if own in text:
                pattern = rf"(?<![\w-]){re.escape(own)}(?![\w-])"
                text = self._replace(
                    re.compile(pattern), other.replace("\\", r"\\"), "run names", text
                )
        return _PACKAGES.sub("<packages>", text) if "-packages" in text else text

    def paths(self, text: str) -> str:
        """Mask only the folders of this side and temporary paths."""
        text = self._replace(_TEMPORARY, "<temporary>", "temporary paths", self.exact(text))
        return self._replace(_EVENT_FILE, r"\1<time>", "times", text)

    def clean(self, text: str) -> str:
        """Apply every mask; the text keeps its lines."""
        text = self.paths(text)
        text = self._replace(_PROGRESS, "[<duration>]", "times", text)
        text = self._times_of_day(self._dates(text))
        for pattern in _CLOCK_TIMES:
            text = self._replace(pattern, r"\1<time>", "times", text)
        text = self._replace(_COMPACT_CLOCK, "<time>", "times", text)
        text = self._replace(_RATE, "<rate>", "times", text)
        for pattern in DURATIONS:
            text = self._replace(pattern, r"\1<duration>", "times", text)
        text = self._replace(_ADDRESS, "<address>", "addresses", text)
        text = self._replace(_PROCESS, r"\1<pid>", "process ids", text)
        return self._replace(_WARNING_PID, "<pid>", "process ids", text)

    def stamped(self, text: str) -> str | None:
        """Mask moments of this run in a short text; None when it names none."""
        if self.window is None or len(text) > MOMENT_CHARS_MAX:
            return None
        found = self._dates(text)
        if found == text:
            return None
        return _COMPACT_CLOCK.sub("<time>", _CLOCK_TIMES[0].sub(r"\1<time>", found))

    def is_moment(self, value: float) -> bool:
        """Tell whether a number is a Unix time of this run."""
        if self.window is None:
            return False
        return any(self.window.holds_ms(value * scale) for scale in (1e3, 1, 1e-3, 1e-6))

    def _dates(self, text: str) -> str:
        if self.window is None:
            return text

        def mask(found: re.Match[str]) -> str:
            if not self._is_run_day(found):
                return found[0]
            self.used["times"] += 1
            return "<date>"

        return _DATE.sub(mask, text)

    def _times_of_day(self, text: str) -> str:
        window = self.window
        if window is None:
            return text

        def mask(found: re.Match[str]) -> str:
            second = int(found["h"]) * 3600 + int(found["m"]) * 60 + int(found["s"])
            if not window.holds_time_of_day(second):
                return found[0]
            self.used["times"] += 1
            return found[1] + "<time>"

        return _TIME_OF_DAY.sub(mask, text)

    def _is_run_day(self, found: re.Match[str]) -> bool:
        assert self.window is not None
        day = _day(found, datetime.fromtimestamp(self.window.start_ms / 1000, UTC).year)
        return day is not None and self.window.holds_day(day)

    def _replace(
        self,
        pattern: re.Pattern[str],
        by: str,
        name: str,
        text: str,
    ) -> str:
        text, times = pattern.subn(by, text)
        if times:
            self.used[name] += times
        return text


def is_cache(path: str) -> bool:
    """Tell whether a file is kept only to save time, and made anew when it is not there."""
    return bool(_CACHE.search(path.replace("\\", "/")))


def in_temporary_folder(path: str) -> bool:
    """Tell whether a path lies in a folder with a temporary name."""
    found = _TEMPORARY.match(path)
    return found is not None and found.end() < len(path)


def last_frames(text: str) -> str:
    """Keep of lines that were redrawn with carriage returns what a terminal would still show."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_last_frame(line) if "\r" in line else line for line in lines)


def _last_frame(line: str) -> str:
    frames = [frame for frame in line.split("\r") if frame.strip()]
    return frames[-1] if frames else ""


def _by_length(pair: tuple[str, str]) -> tuple[int, str]:
    return (-len(pair[0]), pair[0])


def _day(found: re.Match[str], year_now: int) -> date | None:
    part = found.groupdict()
    try:
        if part["y"]:
            return date(int(part["y"]), int(part["m"]), int(part["d"]))
        if part["c"]:
            return date(int(part["c"][:4]), int(part["c"][4:6]), int(part["c"][6:]))
        month = _MONTHS.index((part["mon"] or part["mon2"] or "").lower()) + 1
        year = int(part["year"] or part["year2"] or year_now)
        return date(year, month, int(part["day"] or part["day2"]))
    except ValueError:
        return None
