"""Bounds of capture: what is kept of a run, how long it may wait, how much it holds."""

from __future__ import annotations

KEEP_BYTES_MAX = 256 << 20
"""A file of code or an input that is larger is named in the record, its bytes are not kept."""

KEEP_TOTAL_BYTES_MAX = 4 << 30
"""All kept bytes of one run's code; further files are named only."""

UNTRACKED_FILES_MAX = 20_000
"""Files of code that git does not track; further ones are named by their number only."""

PLAIN_CODE_FILES_MAX = 5_000
"""Files kept as code of a project without git."""

PLAIN_CODE_BYTES_MAX = 256 << 10
"""A file of code in a project without git; larger ones are kept when the run reads them."""

PLAIN_WALK_ENTRIES_MAX = 20_000
"""Folder entries looked at when the code of a project without git is gathered."""

SECRET_SCAN_BYTES_MAX = 1 << 20
"""Files of code up to this size are searched for secrets."""

INPUTS_KEPT_FILES_MAX = 2_000
"""Inputs whose bytes are kept beside the code; of more only digests are recorded."""

INPUTS_KEPT_BYTES_MAX = 2 << 30
"""All bytes of inputs that are kept beside the code."""

INPUTS_HASHED_MAX = 20_000
"""Inputs whose bytes are digested; of more the record says that they were not."""

FOLDER_FILES_DIGESTED_MAX = 20_000
"""Files of folders that are told as one (see `folders_seen`), up to which contents are digested."""

FOLDER_FILES_LOOKED_MAX = 5_000
"""Of more files than that, how many sizes and times count."""

FOLDERS_RECORDED_MAX = 20_000
"""Folders told as one that a record names."""

OUTPUTS_KEPT_BYTES_MAX = 1 << 30
"""All bytes of outputs that are kept."""

FILES_RECORDED_MAX = 200_000
"""Inputs, and outputs, that a record names."""

WALK_ENTRIES_MAX = 500_000
"""Folder entries looked at after the run for files that it wrote."""

CONSOLE_BYTES_MAX = 1 << 30
"""Console bytes that are kept; more is passed through but not recorded."""

CONSOLE_HOLD_BYTES_MAX = 64 << 10
"""A line that has not ended is held back up to this size, so that no secret is cut in two."""

CONSOLE_READ_BYTES = 64 << 10
"""One read from the child."""

DRAIN_QUIET_S = 1.0
"""After the command's end: how long what still holds its silent console open is waited for.

Python's own helper processes (`multiprocessing`, `joblib`) end a moment after the program, on a
busy machine a long one. Nobody waits where nothing is left.
"""

DRAIN_S = 2.0
"""After the command's end: the longest wait for a console that something else holds open."""

DRAIN_BYTES_MAX = 4 << 20
"""The most that is read after that wait of what already stood in the pipe."""

SIGNAL_HEARD_S = 0.1
"""The longest that a signal waits to be handled while the command runs."""

SIGNAL_SETTLE_S = 0.02
"""How long a signal is given to reach the rest of the process group before it is forwarded."""

GIT_S = 30.0
"""The longest that one question to git may take."""

PROBE_S = 20.0
"""The longest that asking an interpreter about itself may take."""

GPU_PERIOD_MS = 2_000
"""How often graphics memory is looked at."""

WHEEL_BYTES_MAX = 64 << 20
"""The largest distribution that is repacked as a wheel because no index has it."""

INSTALLED_HASHED_BYTES_MAX = 512 << 20
"""Installed bytes that one run compares with RECORD; the next goes on where it stopped."""

PATCHES_MAX = 2_000
"""Files of one distribution that are named as patched by hand."""

PATCHES_TOTAL_BYTES_MAX = 64 << 20
"""All kept bytes of files that were patched by hand in one environment."""

BLOCKER_PATHS_MAX = 3
"""How many files of one kind a blocker names before it counts the rest."""

WARNINGS_MAX = 100
"""Faults that one record names."""

EVENT_FILES_MAX = 200
"""TensorBoard's event files of one run whose scalars become series."""

EVENT_POINTS_MAX = 500_000
"""Points that are taken from all event files of a run; it takes some 20 µs each."""

EVENT_RECORD_BYTES_MAX = 16 << 10
"""Larger records of event files hold images and the like, and are passed over."""
