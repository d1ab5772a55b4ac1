"""What differs from run to run without meaning anything, masked out of console text.

Clock times, dates of the run, durations, object addresses, temporary paths, process ids and the
folders of the project and its environment. Each mask is replaced by its own name, and its use
is counted, so that a report can say what was not judged. Values that only look similar are left
alone: a date is masked only when it lies within the time of the run itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
MOMENT_CHARS_MAX = 64
_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?:\s?(?:Z|[+-]\d{2}:?\d{2}|UTC|GMT|[A-Z]{3,4}T))?\b"
_CLOCK_TIME = re.compile(rf"(?<![\d:.]){_CLOCK}{_ZONE}(?![:\d])")
_DATE = re.compile(
    r"(?<![\d./-])(?:"
    r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{2})(?P=s)(?P<d>\d{2})"
    r"|(?P<c>20\d{6})(?=[_T-]\d{6}(?!\d)|(?!\d))"
    r"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
    r"(?:(?P<mon>[A-Z][a-z]{2})[a-z]*\.?\s+(?P<day>\d{1,2}),?(?:\s+(?P<year>\d{4}))?(?![\d:])"
    r"|(?P<day2>\d{1,2})\s+(?P<mon2>[A-Z][a-z]{2})[a-z]*\.?,?\s+(?P<year2>\d{4}))"
    r")(?:[T_](?=\d))?"
)
_COMPACT_CLOCK = re.compile(r"(?<=<date>)[-_T]?\d{6}(?:\.\d+)?(?!\d)|(?<=<date>)\s*\d{1,2}:\d{2}\b")
_UNIT = (
    r"(?:ns|us|[µμ]s|ms|msecs?|milliseconds?|microseconds?|nanoseconds?|s|secs?|seconds?"
    r"|mins?|minutes?|hrs?|hours?)"
)
_SPAN = re.compile(r"(?<![\w.])(?:\d+\s?h\s?)?(?:\d+\s?m\s?)\d+(?:\.\d+)?\s?s\b")
_DURATION = re.compile(
    rf"(?<![\w.])\d+(?:\.\d+)?(?:e[-+]?\d+)?\s?{_UNIT}(?:\s?\d+(?:\.\d+)?\s?{_UNIT}){{0,3}}"
    r"(?:\s?/\s?[A-Za-z]+)?(?![\w/])"
)
_RATE = re.compile(
    r"(?<![\w.])\d+(?:[.,]\d+){0,4}\s?[kKMG]?i?(?:its?|iters?|samples?|steps?|examples?|batch(?:es)?"
    r"|rows?|tokens?|B|b|bytes|images?|imgs?|epochs?|runs?)\s?/\s?(?:s|sec|min)\b"
)
_PROGRESS = re.compile(r"\[\d+(?::\d{2})+<(?:\d+(?::\d{2})+|\?)(?:,[^\]]{0,60})?\]")
_NAMED_TIME = re.compile(
    r"(?i)(?<![a-z])((?:(?:wall|cpu|user|sys|fit|score|elapsed|total|run|train(?:ing)?|test|"
    r"predict(?:ion)?|inference|load|execution)[ _-]?)?"
    r"(?:time|duration|elapsed|took|runtime|eta)\b[^\S\n]{0,4}(?:taken|in|of)?[^\S\n]{0,4}[:=]?"
    r"[^\S\n]{0,8})\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])"
)
_ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b|\b0x(?:7[ef]|5[56])[0-9a-f]{10}\b")
_PROCESS = re.compile(r"(?i)\b(p(?:rocess[ _-]?)?id|process|worker pid)(\s?[=:#]\s?|\s)\d{1,7}\b")
_WARNING_PID = re.compile(r"(?<=\[)\d{2,7}(?=\] (?:INFO|DEBUG|WARN|ERROR|TRACE))")
_TEMPORARY = re.compile(
    r"(?:/private)?(?:/var)?/tmp/(?:tmp[\w.-]{4,}|joblib_[\w-]+|torchelastic_\w+"
    r"|[\w-]*[-_.](?=[A-Za-z_]{0,11}\d)[A-Za-z0-9_]{6,12})(?![\w-])"
    r"|(?:/private)?/var/folders/[\w+]{2}/[\w+]+/T/[\w.-]+"
    r"|(?i:[a-z]:\\users\\[^\\\s]+\\appdata\\local\\temp\\[\w.-]+)"
)
_DURATION_NAME = re.compile(
    r"(?i)(?:^|[_./ -])(?:time|times|duration|durations|elapsed|runtime|latency|throughput|wall|"
    r"seconds?|secs?|ms|millis(?:econds)?|minutes|per_sec(?:ond)?|it_s|eta|"
    r"[a-z]*_?per_s)(?:[_ ]?(?:s|sec|secs|seconds?|ms|ns|us|total|mean|std|avg|min|max))?$"
)
_PACKAGES = re.compile(
    r"<(?:environment|python)>[\\/](?:local[\\/])?[Ll]ib(?:64)?[\\/](?:python3?[\d.]*[\\/])?"
    r"(?:site|dist)-packages(?=$|[\\/\s'\"`:;,)\]}>])",
    re.MULTILINE,
)
_CACHE = re.compile(
    r"(?:^|/)(?:__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.ipynb_checkpoints"
    r"|\.hypothesis|\.cache|\.matplotlib|Library/Caches)/|\.pyc$|(?:^|/)fontlist-[\w.-]+\.json$"
)
_DURATION_SUFFIX = re.compile(r"[a-z](?:Time|Duration|Elapsed|Seconds|Millis|Runtime)$")


@dataclass(frozen=True, slots=True)
class Window:
    """When a run ran: Unix milliseconds, from its start to its end."""

    start_ms: int
    end_ms: int

    def holds_day(self, day: date) -> bool:
        """Tell whether `day` is a day of the run in any time zone."""
        first = datetime.fromtimestamp(self.start_ms / 1000, UTC).date() - timedelta(days=1)
        last = datetime.fromtimestamp(self.end_ms / 1000, UTC).date() + timedelta(days=1)
        return first <= day <= last

    def holds_ms(self, unix_ms: float, slack_ms: float = 5_000) -> bool:
        """Tell whether a moment lies within the run."""
        return self.start_ms - slack_ms <= unix_ms <= self.end_ms + slack_ms


@dataclass(slots=True)
class Masks:
    """The masks of one side: its folders, longest first, and the time it ran.

    Args:
        folders: (path, name) pairs; a path is replaced by `<name>` wherever it stands whole.
        window: when the run ran; None masks no dates.
        used: how often each mask was applied.
    """

    folders: Iterable[tuple[str, str]] = ()
    window: Window | None = None
    used: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        named: dict[str, str] = {}
        for path, name in self.folders:  # of several names for one folder the first counts
            named.setdefault(path.rstrip("/\\"), name)
        pairs = [(path, name) for path, name in named.items() if len(path) > 1]
        self.folders = sorted(pairs, key=_by_length)

    def paths(self, text: str) -> str:
        """Mask only the folders of this side and temporary paths."""
        for path, name in self.folders:
            if path in text:
                pattern = re.escape(path) + r"(?=$|[\\/\s'\"`:;,)\]}>.!?&|#])"
                text = self._replace(re.compile(pattern, re.MULTILINE), f"<{name}>", "paths", text)
        if "-packages" in text:
            text = _PACKAGES.sub("<packages>", text)
        return self._replace(_TEMPORARY, "<temporary>", "temporary paths", text)

    def clean(self, text: str) -> str:
        """Apply every mask."""
        text = self.paths(text)
        text = self._replace(_PROGRESS, "[<duration>]", "durations", text)
        text = self._dates(text)
        text = self._replace(_CLOCK_TIME, "<time>", "clock times", text)
        text = self._replace(_COMPACT_CLOCK, "<time>", "clock times", text)
        text = self._replace(_RATE, "<rate>", "rates", text)
        text = self._replace(_SPAN, "<duration>", "durations", text)
        text = self._replace(_DURATION, "<duration>", "durations", text)
        text = self._replace(_NAMED_TIME, r"\1<duration>", "durations", text)
        text = self._replace(_ADDRESS, "<address>", "addresses", text)
        text = self._replace(_PROCESS, r"\1\2<pid>", "process ids", text)
        return self._replace(_WARNING_PID, "<pid>", "process ids", text)

    def is_moment(self, value: object) -> bool:
        """Tell whether a value is a moment of this run: a date text or a Unix time."""
        if self.window is None or isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            return any(self.window.holds_ms(value * scale) for scale in (1e3, 1, 1e-3, 1e-6))
        return (
            isinstance(value, str)
            and len(value) <= MOMENT_CHARS_MAX
            and self._is_moment_text(value)
        )

    def _is_moment_text(self, text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            found = _DATE.search(text)
            return found is not None and self._is_run_day(found)
        assert self.window is not None
        return self.window.holds_day(moment.date())

    def _dates(self, text: str) -> str:
        if self.window is None:
            return text

        def mask(found: re.Match[str]) -> str:
            if not self._is_run_day(found):
                return found[0]
            self.used["dates"] += 1
            return "<date>"

        return _DATE.sub(mask, text)

    def _is_run_day(self, found: re.Match[str]) -> bool:
        assert self.window is not None
        day = _day(found, datetime.fromtimestamp(self.window.start_ms / 1000, UTC).year)
        return day is not None and self.window.holds_day(day)

    def _replace(self, pattern: re.Pattern[str], by: str, name: str, text: str) -> str:
        text, times = pattern.subn(by, text)
        if times:
            self.used[name] += times
        return text


def is_duration_name(name: str) -> bool:
    """Tell whether a metric, column or key names a measured time or rate (`fit_time`)."""
    return bool(_DURATION_NAME.search(name) or _DURATION_SUFFIX.search(name))


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
