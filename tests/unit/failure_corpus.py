"""What programs print when they fail, as it really looks; read by test_failure_reading.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A page of stderr, and what is to be found in it; the project is /home/ada/project."""

    text: str
    exception: str
    message: str = ""
    where: str | None = None
    chain: tuple[str, ...] = ()
    exit_code: int | None = 1
    signal: str | None = None


SITE = "/home/ada/venv/lib/python3.12/site-packages"
STANDARD = "/usr/lib/python3.12"

CASES: dict[str, Case] = {
    "plain": Case(
        """Epoch 3/10
Traceback (most recent call last):
  File "/home/ada/project/train.py", line 40, in <module>
    main()
  File "/home/ada/project/lib/model.py", line 12, in fit
    loss = step(batch)
           ^^^^^^^^^^^
ValueError: bad batch 17
""",
        "ValueError",
        "bad batch 17",
        "lib/model.py:12 in fit",
    ),
    "in a library": Case(
        f"""Traceback (most recent call last):
  File "/home/ada/project/train.py", line 8, in <module>
    model.fit(x, y)
  File "{SITE}/sklearn/base.py", line 1473, in wrapper
    return fit_method(estimator, *args, **kwargs)
  File "{SITE}/sklearn/utils/validation.py", line 1096, in check_array
    raise ValueError(
ValueError: Found array with 0 sample(s) (shape=(0, 4)) while a minimum of 1 is required.
""",
        "ValueError",
        "Found array with 0",
        "train.py:8 in <module>",
    ),
    "coloured by Python 3.13": Case(
        "Traceback (most recent call last):\r\n"
        '  File \x1b[35m"/home/ada/project/a.py"\x1b[0m, line \x1b[35m1\x1b[0m, in '
        "\x1b[35m<module>\x1b[0m\r\n    \x1b[31m1\x1b[0m\x1b[1;31m/\x1b[0m\x1b[31m0\x1b[0m\r\n"
        "    \x1b[31m~\x1b[0m\x1b[1;31m^\x1b[0m\x1b[31m~\x1b[0m\r\n"
        "\x1b[1;35mZeroDivisionError\x1b[0m: \x1b[35mdivision by zero\x1b[0m\r\n",
        "ZeroDivisionError",
        "division by zero",
        "a.py:1 in <module>",
    ),
    "cause": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/data.py", line 3, in load
    open(path)
FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/ada/project/train.py", line 9, in <module>
    load()
  File "/home/ada/project/data.py", line 5, in load
    raise RuntimeError("no data") from error
RuntimeError: no data
""",
        "RuntimeError",
        "no data",
        "data.py:5 in load",
        ("FileNotFoundError", "RuntimeError"),
    ),
    "another while handling": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/train.py", line 3, in <module>
    config["lr"]
KeyError: 'lr'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/home/ada/project/train.py", line 5, in <module>
    config.lr
AttributeError: 'dict' object has no attribute 'lr'
""",
        "AttributeError",
        "'dict' object",
        "train.py:5 in <module>",
        ("KeyError", "AttributeError"),
    ),
    "worker of a pool": Case(
        f"""multiprocessing.pool.RemoteTraceback:\x20
\"\"\"
Traceback (most recent call last):
  File "{STANDARD}/multiprocessing/pool.py", line 125, in worker
    result = (True, func(*args, **kwds))
  File "/home/ada/project/work.py", line 2, in f
    return 1 / x
ZeroDivisionError: division by zero
\"\"\"

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/ada/project/train.py", line 4, in <module>
    pool.map(f, [0])
  File "{STANDARD}/multiprocessing/pool.py", line 774, in get
    raise self._value
ZeroDivisionError: division by zero
""",
        "ZeroDivisionError",
        "division by zero",
        "work.py:2 in f",
        ("ZeroDivisionError", "ZeroDivisionError"),
    ),
    "a child process": Case(
        f"""Process Process-1:
Traceback (most recent call last):
  File "{STANDARD}/multiprocessing/process.py", line 314, in _bootstrap
    self.run()
  File "/home/ada/project/work.py", line 7, in consume
    queue.get(timeout=1)
_queue.Empty
""",
        "_queue.Empty",
        "",
        "work.py:7 in consume",
    ),
    "ranks that speak at once": Case(
        f"""[rank1]: Traceback (most recent call last):
[rank0]: Traceback (most recent call last):
[rank1]:   File "/home/ada/project/ddp.py", line 30, in <module>
[rank0]:   File "/home/ada/project/ddp.py", line 31, in <module>
[rank1]:     train()
[rank0]:     train()
[rank1]:   File "{SITE}/torch/nn/modules/module.py", line 1511, in _call_impl
[rank0]: ValueError: zero
[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
""",
        "torch.OutOfMemoryError",
        "CUDA out of memory",
        "ddp.py:30 in <module>",
    ),
    "a launcher that tells of its child": Case(
        f"""Traceback (most recent call last):
  File "/home/ada/project/ddp.py", line 9, in <module>
    raise ValueError("rank 3 is lost")
ValueError: rank 3 is lost
E0301 12:00:00.000000 140 torch/distributed/elastic/multiprocessing/api.py:833] failed (exitcode: 1)
Traceback (most recent call last):
  File "/home/ada/venv/bin/torchrun", line 8, in <module>
    sys.exit(main())
  File "{SITE}/torch/distributed/launcher/api.py", line 264, in launch_agent
    raise ChildFailedError(
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\x20
============================================================
ddp.py FAILED
------------------------------------------------------------
""",
        "ValueError",
        "rank 3 is lost",
        "ddp.py:9 in <module>",
    ),
    "group": Case(
        """  + Exception Group Traceback (most recent call last):
  |   File "/home/ada/project/train.py", line 5, in <module>
  |     raise ExceptionGroup("many", found)
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/home/ada/project/part.py", line 2, in part
    |     raise ValueError(1)
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: bare
    +------------------------------------
""",
        "ExceptionGroup",
        "many (2 sub-exceptions)",
        "part.py:2 in part",
        ("ValueError", "TypeError", "ExceptionGroup"),
    ),
    "a script that cannot be parsed": Case(
        """  File "/home/ada/project/train.py", line 3
    def f(:
          ^
SyntaxError: invalid syntax
""",
        "SyntaxError",
        "invalid syntax",
        "train.py:3",
    ),
    "an import that cannot be parsed": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/train.py", line 1, in <module>
    import lib
  File "/home/ada/project/lib.py", line 2
    pass
    ^
IndentationError: expected an indented block after function definition on line 1
""",
        "IndentationError",
        "expected an indented block",
        "lib.py:2",
    ),
    "an ignored one behind it": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/train.py", line 5, in <module>
    raise ValueError("first")
ValueError: first
Exception ignored in: <function A.__del__ at 0x7f3a>
Traceback (most recent call last):
  File "/home/ada/project/a.py", line 3, in __del__
    raise OSError("late")
OSError: late
""",
        "ValueError",
        "first",
        "train.py:5 in <module>",
    ),
    "a thread beside it": Case(
        f"""Traceback (most recent call last):
  File "/home/ada/project/train.py", line 5, in <module>
    raise ValueError("main")
ValueError: main
Exception in thread Thread-1 (watch):
Traceback (most recent call last):
  File "{STANDARD}/threading.py", line 1073, in _bootstrap_inner
    self.run()
  File "/home/ada/project/watch.py", line 3, in watch
    raise OSError("background")
OSError: background
""",
        "ValueError",
        "main",
        "train.py:5 in <module>",
    ),
    "words of several lines": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/load.py", line 5, in load
    model.load_state_dict(state)
RuntimeError: Error(s) in loading state_dict for Net:
\tMissing key(s) in state_dict: "head.weight".
\tsize mismatch for stem.weight: copying a param with shape torch.Size([64, 3, 7, 7]).
""",
        "RuntimeError",
        "Error(s) in loading state_dict for Net:\nMissing key(s)",
        "load.py:5 in load",
    ),
    "a message that begins a line below": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/load.py", line 5, in load
    from_pretrained(name)
ImportError:\x20

AutoTokenizer requires the tokenizers library but it was not found.
""",
        "ImportError",
        "AutoTokenizer requires",
        "load.py:5 in load",
    ),
    "no message": Case(
        """Traceback (most recent call last):
  File "/home/ada/project/t.py", line 1, in <module>
    assert rows == 3
AssertionError
""",
        "AssertionError",
        "",
        "t.py:1 in <module>",
    ),
    "drawn by rich": Case(
        """\u256d\u2500\u2500 Traceback (most recent call last) \u2500\u2500\u256e
\u2502 /home/ada/project/boxed.py:4 in <module>  \u2502
\u2502                                            \u2502
\u2502 \u2771 4 fit(3)                                 \u2502
\u2502                                            \u2502
\u2502 /home/ada/project/boxed.py:3 in fit       \u2502
\u2502                                            \u2502
\u2570\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u256f
ValueError: bad batch 3
""",
        "ValueError",
        "bad batch 3",
        "boxed.py:3 in fit",
    ),
    "a page of IPython": Case(
        """---------------------------------------------------------------------------
ZeroDivisionError                         Traceback (most recent call last)
Cell In[3], line 4
      1 def f(x):
      2     return part(x)
----> 4 f(0)

File /home/ada/project/part.py:2, in part(x)
      1 def part(x):
----> 2     return 1 / x

ZeroDivisionError: division by zero
""",
        "ZeroDivisionError",
        "division by zero",
        "part.py:2 in part",
    ),
    "another tool's": Case(
        """cc1plus: some warnings being treated as errors
make: *** [Makefile:12: train] Error 1
""",
        "exit 2",
        "make: *** [Makefile:12: train] Error 1",
        exit_code=2,
    ),
    "arguments that are off": Case(
        "usage: train.py [-h] [--lr LR]\ntrain.py: error: unrecognized arguments: --rl 0.1\n",
        "exit 2",
        "train.py: error: unrecognized arguments",
        exit_code=2,
    ),
    "told long ago, and handled": Case(
        'ERROR:root:handled\nTraceback (most recent call last):\n  File "/home/ada/project/a.py", '
        "line 2, in <module>\n    1 / 0\nZeroDivisionError: division by zero\n"
        + "".join(f"epoch {n}: loss 0.{n}\n" for n in range(90))
        + "cannot go on: the learning rate is too high\n",
        "exit 1",
        "cannot go on: the learning rate is too high",
    ),
    "C++": Case(
        "terminate called after throwing an instance of 'std::out_of_range'\n"
        "  what():  vector::_M_range_check: __n (which is 7) >= this->size() (which is 3)\n"
        "Aborted (core dumped)\n",
        "std::out_of_range",
        "vector::_M_range_check",
        exit_code=None,
        signal="SIGABRT",
    ),
    "C++ of LLVM": Case(
        "libc++abi: terminating due to uncaught exception of type std::runtime_error: bad 3\n",
        "std::runtime_error",
        "bad 3",
        exit_code=None,
        signal="SIGABRT",
    ),
    "Rust": Case(
        "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3 but the "
        "index is 7\nnote: run with `RUST_BACKTRACE=1` to display a backtrace\n",
        "panic",
        "index out of bounds",
        "src/main.rs:4",
        exit_code=101,
    ),
    "Rust before 1.73": Case(
        "thread 'main' panicked at 'no such file', src/main.rs:4:5\n",
        "panic",
        "no such file",
        "src/main.rs:4",
        exit_code=101,
    ),
    "R": Case(
        "Error in read.table(file = file, header = header) : \n  no lines available in input\n"
        "Calls: read.csv -> read.table\nExecution halted\n",
        "Error",
        "no lines available in input",
        "<R> in read.table",
    ),
    "the fault handler": Case(
        f"""Fatal Python error: Segmentation fault

Thread 0x00007fab608986c0 (most recent call first):
  File "{STANDARD}/threading.py", line 982 in run

Current thread 0x00007fab61418b80 (most recent call first):
  File "{STANDARD}/ctypes/__init__.py", line 519 in string_at
  File "/home/ada/project/train.py", line 4 in f
  File "/home/ada/project/train.py", line 5 in <module>
""",
        "SIGSEGV",
        "Segmentation fault",
        "train.py:4 in f",
        exit_code=None,
        signal="SIGSEGV",
    ),
    "killed without a word": Case(
        'Traceback (most recent call last):\n  File "/home/ada/project/a.py", line 2, in <module>\n'
        "    retry()\nOSError: handled, and tried again\n",
        "SIGKILL",
        "killed at once, as the kernel does when memory runs out",
        exit_code=None,
        signal="SIGKILL",
    ),
    "killed below a shell": Case(
        "sh: line 1:  5375 Segmentation fault      ./solver\n",
        "SIGSEGV",
        exit_code=139,
    ),
}
