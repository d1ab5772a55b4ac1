"""What holds for every test, however the suite is started and however busy the machine is."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "afield",
    deadline=None,  # how long an example takes says what else the machine does
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("afield")  # over Hypothesis's own for CI, where examples are always the same


def pytest_configure():
    """Hear signals as a process on a terminal does.

    What a script starts in the background, or under `nohup`, is started with some of them
    ignored, and so would be every process of the tests.
    """
    for name, heard in (
        ("SIGINT", signal.default_int_handler),
        ("SIGQUIT", None),
        ("SIGHUP", None),
    ):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, heard or signal.SIG_DFL)
