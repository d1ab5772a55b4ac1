"""The machine and its settings, as far as they can change a result.

Variables are recorded by a list of names that are allowed, never all of them. Nothing here
reads the environment of this process: variables are handed in.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping

from afield.kernel.clock import Clock
from afield.runs.manifest import Host

VARIABLE_NAMES = frozenset(
    {
        *("CONDA_DEFAULT_ENV", "CONDA_PREFIX", "VIRTUAL_ENV", "PYTHONPATH"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"),
        *("LANG", "LANGUAGE", "TZ", "SOURCE_DATE_EPOCH", "MALLOC_ARENA_MAX"),
        *("COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "PY_COLORS"),
        *("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
        *("SEED", "RANDOM_SEED"),
    }
)
VARIABLE_PREFIXES = (
    *("BLIS_", "CUBLAS_", "CUDA_", "CUDNN_", "DATASETS_", "FLAGS_", "GOMP_", "GOTO_", "HF_"),
    *("HIP_", "HYDRA_", "JAX_", "JOBLIB_", "KERAS_", "KMP_", "LC_", "LOKY_", "MKL_", "MPL"),
    *("NCCL_", "NUMBA_", "NUMEXPR_", "NVIDIA_", "OMP_", "OPENBLAS_", "POLARS_", "PYTHON"),
    *("PYTORCH_", "RAY_", "ROCR_", "SCIPY_", "SKLEARN_", "SLURM_", "TF_", "TOKENIZERS_"),
    *("TORCH", "TRANSFORMERS_", "TRITON_", "VECLIB_", "XGBOOST_", "XLA_"),
)
KERNEL_NAMES = frozenset(
    {
        *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES"),
        *("ATEN_CPU_CAPABILITY", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"),
        *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "GLIBC_TUNABLES"),
    }
)
"""Variables that choose what a library computes with on this CPU."""

THREAD_NAMES = (
    *("OMP_NUM_THREADS", "OMP_DYNAMIC", "OMP_SCHEDULE", "OMP_PROC_BIND", "OMP_PLACES"),
    *("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MKL_DYNAMIC", "BLIS_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMEXPR_MAX_THREADS"),
    *("NUMBA_NUM_THREADS", "GOTO_NUM_THREADS", "LOKY_MAX_CPU_COUNT", "POLARS_MAX_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "RAYON_NUM_THREADS"),
)


def pick_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables whose names are allowed."""
    return {
        name: environ[name]
        for name in sorted(environ)
        if name in VARIABLE_NAMES | KERNEL_NAMES or name.startswith(VARIABLE_PREFIXES)
    }


def pick_threads(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that set how many threads are used; most are often unset."""
    return {name: environ[name] for name in THREAD_NAMES if name in environ}


def read_locale(environ: Mapping[str, str], clock: Clock) -> dict[str, str]:
    """Return language and time zone."""
    found = {
        name: value
        for name, value in sorted(environ.items())
        if name in {"LANG", "LANGUAGE"} or name.startswith("LC_")
    }
    found["timezone"] = environ.get("TZ") or _system_timezone()
    found["utc_offset"] = clock.utc_offset()
    return found


def read_host() -> Host:
    """Describe this machine."""
    libc, version = platform.libc_ver()
    return Host(
        system=platform.system(),
        release=platform.release(),
        machine=platform.machine(),
        cpu=_cpu_name(),
        cores=usable_cores(),
        memory_bytes=_memory_bytes(),
        libc=f"{libc} {version}" if libc else None,
    )


def usable_cores() -> int:
    """Return how many cores this process may use; libraries choose their threads by it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                key, _, value = line.partition(":")
                if key.strip() in {"model name", "Model", "cpu model"}:
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def _system_timezone() -> str:
    try:
        target = os.readlink("/etc/localtime")
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]
