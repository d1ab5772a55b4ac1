"""What tells of a measured time: names of metrics, keys and columns, and words around a number.

Only what clearly is one is known here. `time`, `ms`, `eta` or a number with a unit alone may be
a result (a survival time, a learning rate), so they are judged like any other value.
"""

from __future__ import annotations

import re

_DOING = (
    r"(?:wall|cpu|user|sys(?:tem)?|real|fit(?:ting)?|refit|scor(?:e|ing)|elapsed|total|run(?:ning)?"
    r"|train(?:ing)?|test(?:ing)?|eval(?:uation)?|val(?:idation)?|predict(?:ion|ing)?|inference"
    r"|load(?:ing)?|exec(?:ution)?|comput(?:e|ing|ation)|process(?:ing)?|build|compil(?:e|ation)"
    r"|search|setup|step|epoch|iter(?:ation)?|batch|query|index(?:ing)?|solve[rd]?|data"
    r"|forward|backward|sampling|optimi[sz](?:e|er|ation)|preprocess(?:ing)?|tun(?:e|ing))"
)
_UNIT_NAME = r"(?:s|secs?|seconds?|ms|msecs?|millis(?:econds)?|us|ns|min|mins|minutes)"
_TOLD = r"(?:total|sum|mean|std|avg|average|median|min|max|p\d\d)"
_NAME = re.compile(
    rf"(?:^|[_./ -])(?:"
    rf"(?:elapsed|durations?|runtime|latency|latencies|throughput|wall_?clock)"
    rf"|{_DOING}[_ -]?times?|elapsed[_ -]?times?|times?[_ -]?(?:elapsed|taken|spent|total)"
    rf"|(?:time|{_DOING})[_ -]{_UNIT_NAME}"
    rf"|(?<=[_./ -])(?:seconds|secs|milliseconds|millis)"
    rf"|[a-z]*_?(?:per_s|per_sec|per_second)|it_s"
    rf")(?:[_ -]{_UNIT_NAME})?(?:[_ -]{_TOLD})?$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
NAME_CHARS_MAX = 200

# Blanks never reach over the end of a line: a masked text keeps its lines.
_B = r"[^\S\n]"
_NUM = r"(?>\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
_SHORT = r"(?:ns|us|[µμ]s|ms|msecs?|milliseconds?|microseconds?|nanoseconds?|s|secs?|seconds?)"
_LONG = r"(?:m|mins?|minutes?|h|hrs?|hours?|days?)"
_AND = rf"(?:,?{_B}?(?:and{_B})?)"
_SECONDS = (
    rf"(?:{_NUM}{_B}?{_LONG}{_AND}){{0,3}}{_NUM}{_B}?{_SHORT}(?:{_B}?{_NUM}{_B}?{_SHORT}){{0,2}}"
    r"(?![\w/])"
)
_AMOUNT = (
    rf"{_NUM}{_B}?(?:{_SHORT}|{_LONG})(?:{_AND}{_NUM}{_B}?(?:{_SHORT}|{_LONG})){{0,3}}(?![\w/])"
)
_CLOCKED = rf"(?:\d{{1,4}}{_B}days?,{_B})?\d{{1,3}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?(?![\w:])"
_ONE_OF = (
    r"(?:steps?|its?|iters?|iterations?|batch|batches|epochs?|samples?|images?|imgs?|calls?"
    r"|loops?|runs?|tokens?|examples?|requests?|quer(?:y|ies)|fits?|folds?|trials?)"
)
_AFTER = rf"{_B}{{0,4}}(?:taken|in|of|is|was)?{_B}{{0,4}}[:=]?"
_PAD = rf"{_B}{{0,8}}"  # goes with the number: it fills up columns

DURATIONS = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        # 3ms/step, 1.2 s/it, 1.2 ms ± 30 µs per loop
        (
            rf"(?<![\w.])(){_NUM}{_B}?{_SHORT}(?:{_B}?(?:±|\+/-|\+-){_B}?{_NUM}{_B}?{_SHORT})?"
            rf"(?:{_B}?/{_B}?|{_B}per{_B}){_ONE_OF}\b"
        ),
        # 0s 3ms/step: what stands before it
        rf"(?<![\w.])()(?:{_SECONDS}|{_CLOCKED})(?={_B}{{1,3}}<duration>)",
        # took 3.2, elapsed: 0:00:03, fit time = 1.2s, duration 3 min
        (
            rf"(?<![a-z_])((?:{_DOING}[ _-]?time|elapsed(?:[ _]time)?"
            rf"|time[ _](?:taken|elapsed|spent)|took|runtime|durations?|latency)"
            rf"(?:[ _]?\(?{_UNIT_NAME}\)?(?=[ :=]))?{_AFTER}){_PAD}"
            rf"(?:{_CLOCKED}|{_AMOUNT}|{_NUM}(?![\w.:]|{_B}*(?:/|of\b)))"
        ),
        # time: 3.2s, user 3 ms, total= 0.1s, remaining: 2.0s; `survival time 3 s` is a result
        (
            rf"(?<![a-z_] )(?<![a-z_])((?:times?|user|sys|real|total|cpu|wall|remaining|overhead|"
            rf"clock){_AFTER}){_PAD}{_SECONDS}"
        ),
        rf"(\boverhead\b[^\n\d]{{0,40}}\bwas{_B}){_SECONDS}",
        # in 0.3s; finished … in 2 minutes, done after 3s
        rf"(\bin{_B}){_SECONDS}",
        (
            rf"(\b(?:done|finished|completed?|stopped|failed|trained|fitted|ran|built|loaded|solved)\b"
            rf"[^\n]{{0,40}}?\b(?:in|after){_B})(?:{_CLOCKED}|{_AMOUNT})"
        ),
        # Time taken to run KMeans 0.3 seconds, training time of the tree: 3 ms
        (
            rf"(?<![a-z_])((?:{_DOING}[ _-]time|time[ _](?:taken|elapsed|spent|needed)|took)\b"
            rf"[^\n\d]{{1,60}}?){_PAD}{_SECONDS}"
        ),
        # --- 3.2 seconds ---
        rf"(^---{_B}){_SECONDS}(?={_B}---)",
        # joblib's memory: [Memory]0.1s, 0.0min and ____function - 0.1s, 0.0min
        rf"(^\[Memory\]{_B}?|^_{{3,80}}[\w.]{{1,80}}{_B}-{_B}){_AMOUNT}",
        # ETA 00:12, ETA: 3 min
        rf"(\bETA{_B}?[:=]?{_B}{{0,4}})(?:{_CLOCKED}|{_AMOUNT})",
        # epoch 3 … (3.2s): the last thing of a line that counts
        (
            rf"(^{_B}{{0,8}}\[?(?:epoch|step|iter(?:ation)?|batch|fold|trial|round)\b[^\n]{{0,200}}?"
            rf"[(\[|,-]{_B}{{0,4}}){_SECONDS}(?={_B}?[)\]|]?{_B}*$)"
        ),
    )
)
"""Durations in text; the first group stays, the rest is masked."""

_WORDS = re.compile(
    rf"(?i)\b(?:took|taken|elapsed|times?|durations?|runtime|latency|eta|done|finished|completed?|in"
    rf"|after|of|is|was|spent|seconds?|secs?|s|ms|{_DOING})\b"
)
_MASK = re.compile(r"<(?:time|date|duration|rate|pid|address|temporary)>")


def is_duration_name(name: str) -> bool:
    """Tell whether a metric, column or key names a measured time or rate (`fit_time`)."""
    if len(name) > NAME_CHARS_MAX:
        return False
    return _NAME.search(_CAMEL.sub("_", name).lower()) is not None


def holds_only_times(masked: str) -> bool:
    """Tell whether a masked text holds nothing but masks and words of measuring."""
    left, masks = _MASK.subn(" ", masked)
    return masks > 0 and re.search(r"\w", _WORDS.sub(" ", left)) is None
