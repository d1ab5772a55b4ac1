"""Libraries that read and write files, each with one line that reads a file and one that writes.

Shared by the tests of all layers that see files. Nothing here runs: a test makes a script of the
lines, so that it knows in which line each file is opened.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Io:
    """One way of reading and writing a file.

    `{path}` in `read` and `write` is the path as a Python string; `make` are the lines before
    both. `past_python` tells that the file is opened by code that Python's audit events miss,
    `kernel_only` that no layer but the kernel's can see it.
    """

    name: str
    requires: tuple[str, ...]
    ending: str
    write: str
    read: str
    make: str = ""
    past_python: bool = False
    kernel_only: bool = False

    @property
    def package(self) -> str:
        """Return the library whose code opens the file."""
        return self.requires[0] if self.requires else "python"


TABLE = "table = pyarrow.table({'a': [1, 2], 'b': [1.5, 2.5]})"
FRAME = "frame = polars.DataFrame({'a': [1, 2], 'b': [1.5, 2.5]})"
MATRIX = (
    "matrix = numpy.arange(60.0).reshape(20, 3); labels = numpy.arange(20) % 2; "
    "quiet = {'verbosity': -1, 'num_threads': 1}"
)


def _arrow(name: str, ending: str, write: str, read: str, module: str) -> Io:
    make = f"import pyarrow, {module}\n{TABLE}"
    return Io(name, ("pyarrow",), ending, write, read, make, past_python=True)


def _polars(kind: str, read: str = "read", write: str = "write") -> Io:
    one = Io(
        f"polars.{read}_{kind}",
        ("polars",),
        kind,
        f"frame.{write}_{kind}({{path}})",
        f"polars.{read}_{kind}({{path}})",
        f"import polars\n{FRAME}",
        past_python=True,
    )
    if read == "scan":
        return Io(one.name, one.requires, one.ending, f"frame.lazy().{write}_{kind}({{path}})",
                  f"{one.read}.collect()", one.make, past_python=True)  # fmt: skip
    return one


IO_LIBRARIES: Sequence[Io] = (
    Io("open", (), "txt", "open({path}, 'w').close()", "open({path}).close()"),
    Io(
        "sqlite3", (), "db",
        "made = sqlite3.connect({path}); made.execute('create table t (a)'); made.close()",
        "found = sqlite3.connect({path}); found.execute('select * from t'); found.close()",
        "import sqlite3",
    ),
    Io(
        "numpy.save", ("numpy",), "npy", "numpy.save({path}, numpy.ones(3))",
        "numpy.load({path}, mmap_mode='r')", "import numpy",
    ),
    Io(
        "numpy.tofile", ("numpy",), "bin", "numpy.ones(3).tofile({path})",
        "numpy.fromfile({path})", "import numpy",
    ),
    Io(
        "numpy.memmap", ("numpy",), "raw",
        "numpy.memmap({path}, dtype='u1', mode='w+', shape=(3,)).flush()",
        "numpy.memmap({path}, dtype='u1', mode='r')", "import numpy",
    ),
    Io(
        "joblib", ("joblib", "numpy"), "joblib", "joblib.dump(numpy.ones(3), {path})",
        "joblib.load({path}, mmap_mode='r')", "import joblib, numpy",
    ),
    Io(
        "Pillow", ("PIL",), "png", "PIL.Image.new('L', (2, 2)).save({path})",
        "PIL.Image.open({path}).load()", "import PIL.Image",
    ),
    Io(
        "pandas.csv", ("pandas",), "csv", "pandas.DataFrame({{'a': [1]}}).to_csv({path})",
        "pandas.read_csv({path})", "import pandas",
    ),
    Io(
        "pandas.parquet", ("pandas", "pyarrow"), "parquet",
        "pandas.DataFrame({{'a': [1]}}).to_parquet({path})", "pandas.read_parquet({path})",
        "import pandas", past_python=True,
    ),
    Io(
        "pandas.hdf", ("tables", "pandas"), "h5",
        "pandas.DataFrame({{'a': [1]}}).to_hdf({path}, key='t')", "pandas.read_hdf({path})",
        "import pandas, tables", past_python=True,
    ),
    Io(
        "h5py", ("h5py",), "h5", "h5py.File({path}, 'w').close()", "h5py.File({path}).close()",
        "import h5py", past_python=True,
    ),
    _arrow("pyarrow.parquet", "parquet", "pyarrow.parquet.write_table(table, {path})",
           "pyarrow.parquet.read_table({path})", "pyarrow.parquet"),
    _arrow("pyarrow.parquet.ParquetFile", "pq",
           "pyarrow.parquet.ParquetWriter({path}, table.schema).close()",
           "pyarrow.parquet.ParquetFile({path}).read()", "pyarrow.parquet"),
    _arrow("pyarrow.csv", "csv", "pyarrow.csv.write_csv(table, {path})",
           "pyarrow.csv.read_csv({path})", "pyarrow.csv"),
    _arrow("pyarrow.feather", "feather", "pyarrow.feather.write_feather(table, {path})",
           "pyarrow.feather.read_table({path})", "pyarrow.feather"),
    _arrow("pyarrow.orc", "orc", "pyarrow.orc.write_table(table, {path})",
           "pyarrow.orc.read_table({path})", "pyarrow.orc"),
    _arrow("pyarrow.memory_map", "mm", "pyarrow.create_memory_map({path}, 8).close()",
           "pyarrow.memory_map({path}).close()", "pyarrow.ipc"),
    _arrow("pyarrow.streams", "arrow",
           "sink = pyarrow.output_stream({path}); sink.write(b'x'); sink.close()",
           "pyarrow.input_stream({path}).close()", "pyarrow.ipc"),
    _arrow("pyarrow.OSFile", "os",
           "sink = pyarrow.OSFile({path}, 'wb'); sink.write(b'x'); sink.close()",
           "pyarrow.OSFile({path}).close()", "pyarrow.ipc"),
    _arrow("pyarrow.fs", "fs",
           "sink = pyarrow.fs.LocalFileSystem().open_output_stream({path}); sink.close()",
           "pyarrow.fs.LocalFileSystem().open_input_file({path}).close()", "pyarrow.fs"),
    _arrow("pyarrow.dataset", "set/part-0.parquet",
           "pyarrow.dataset.write_dataset(table, os.path.dirname({path}), format='parquet')",
           "pyarrow.dataset.dataset(os.path.dirname({path})).to_table()", "pyarrow.dataset, os"),
    _polars("csv"),
    _polars("parquet"),
    _polars("ipc"),
    _polars("ndjson"),
    _polars("avro"),
    _polars("json"),
    _polars("csv", "scan", "sink"),
    _polars("parquet", "scan", "sink"),
    Io(
        "torch", ("torch",), "pt", "torch.save(torch.ones(3), {path})", "torch.load({path})",
        "import torch", past_python=True,
    ),
    Io(
        "torch.from_file", ("torch", "numpy"), "f32", "numpy.ones(3, 'f4').tofile({path})",
        "torch.from_file({path}, size=3)", "import torch, numpy", past_python=True,
    ),
    Io(
        "safetensors", ("safetensors", "numpy"), "safetensors",
        "safetensors.numpy.save_file({{'a': numpy.ones(3)}}, {path})",
        "safetensors.numpy.load_file({path})", "import numpy, safetensors.numpy",
        past_python=True,
    ),
    Io(
        "safetensors.safe_open", ("safetensors", "numpy"), "st",
        "safetensors.serialize_file({{}}, {path})",
        "safetensors.safe_open({path}, framework='np').keys()", "import safetensors",
        past_python=True,
    ),
    Io(
        "xgboost", ("xgboost", "numpy"), "ubj",
        "xgboost.train({{'nthread': 1}}, xgboost.DMatrix(matrix, labels), 1).save_model({path})",
        "xgboost.Booster(model_file={path})", f"import numpy, xgboost\n{MATRIX}",
        past_python=True,
    ),
    Io(
        "lightgbm", ("lightgbm", "numpy"), "lgb",
        "lightgbm.train(quiet, lightgbm.Dataset(matrix, labels), 1).save_model({path})",
        "lightgbm.Booster(model_file={path})", f"import lightgbm, numpy\n{MATRIX}",
        past_python=True,
    ),
    Io(
        "lightgbm.Dataset", ("lightgbm", "numpy"), "train.csv",
        "numpy.savetxt({path}, matrix, delimiter=',')",
        "lightgbm.Dataset({path}, params=quiet).construct()",
        f"import lightgbm, numpy\n{MATRIX}", past_python=True,
    ),
    Io(
        "duckdb", ("duckdb",), "parquet", "duckdb.sql('select 1 as a').write_parquet({path})",
        "duckdb.read_parquet({path}).fetchall()", "import duckdb", past_python=True,
    ),
    Io(
        "soundfile", ("soundfile", "numpy"), "wav",
        "soundfile.write({path}, numpy.zeros(8), 8000)", "soundfile.read({path})",
        "import numpy, soundfile", past_python=True,
    ),
    Io(
        "cv2", ("cv2", "numpy"), "png", "cv2.imwrite({path}, numpy.zeros((2, 2), 'u1'))",
        "cv2.imread({path})", "import cv2, numpy", past_python=True,
    ),
    Io(
        "tifffile", ("tifffile", "numpy"), "tif",
        "tifffile.imwrite({path}, numpy.zeros((2, 2)))", "tifffile.imread({path})",
        "import numpy, tifffile",
    ),
    Io(
        "netCDF4", ("netCDF4",), "nc", "netCDF4.Dataset({path}, 'w').close()",
        "netCDF4.Dataset({path}).close()", "import netCDF4", past_python=True, kernel_only=True,
    ),
    Io(
        "ctypes", (), "bin", "os.close(libc.open({path}.encode(), os.O_CREAT | os.O_RDWR, 0o600))",
        "os.close(libc.open({path}.encode(), 0))",
        "import ctypes, os; libc = ctypes.CDLL(None)", past_python=True, kernel_only=True,
    ),
    Io(
        "subprocess", (), "txt", "subprocess.run(['cp', __file__, {path}], check=True)",
        "subprocess.run(['cat', {path}], check=True, stdout=subprocess.DEVNULL)",
        "import subprocess", past_python=True, kernel_only=True,
    ),
)  # fmt: skip


def is_here(one: Io) -> bool:
    """Tell whether all that it needs can be imported."""
    return all(importlib.util.find_spec(name) is not None for name in one.requires)


def packages() -> list[str]:
    """Return the libraries whose files are seen without the kernel, each once."""
    return list(dict.fromkeys(one.package for one in IO_LIBRARIES if not one.kernel_only))


@dataclass(frozen=True)
class Script:
    """A script that reads and writes files, and in which lines: by path relative to its folder."""

    text: str
    reads: dict[str, int]
    writes: dict[str, int]


def script(entries: Sequence[Io]) -> Script:
    """Return a script that reads `in-N.…`, which must be there, and writes `out-N.…`."""
    lines: list[str] = []
    reads: dict[str, int] = {}
    writes: dict[str, int] = {}
    for number, one in enumerate(entries):
        lines += one.make.splitlines()
        for verb, code, found in (("in", one.read, reads), ("out", one.write, writes)):
            path = path_of(verb, number, one)
            lines.append(code.format(path=repr(path)))
            found[path] = len(lines)
    return Script("\n".join([*lines, ""]), reads, writes)


def preparation(entries: Sequence[Io]) -> str:
    """Return a script that writes what `script` reads."""
    lines: list[str] = []
    for number, one in enumerate(entries):
        lines += [*one.make.splitlines(), one.write.format(path=repr(path_of("in", number, one)))]
    return "\n".join([*lines, ""])


def path_of(verb: str, number: int, one: Io) -> str:
    """Return where the script has the file of an entry."""
    return f"{verb}-{number}-{one.ending}" if "/" in one.ending else f"{verb}-{number}.{one.ending}"
