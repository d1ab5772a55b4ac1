"""Every place that takes entropy of the system at the level of Python is replayed."""

from __future__ import annotations

import pytest

from afield.runs.capture import entropy

SOURCES = {
    "os.urandom": "import os; print(os.urandom(20).hex(), os.urandom(5000).hex())",
    "os.urandom again and again": "import os; print([os.urandom(4).hex() for _ in range(9)])",
    "os.getrandom": "import os; print(os.getrandom(20).hex())",
    "secrets.token_bytes": "import secrets; print(secrets.token_bytes(100).hex())",
    "secrets.choice": "import secrets; print([secrets.choice(range(10**6)) for _ in range(9)])",
    "secrets.randbelow": "import secrets; print(secrets.randbelow(10**30))",
    "uuid.uuid4": "import uuid; print(uuid.uuid4(), uuid.uuid4())",
    "random.random": "import random; print(random.random(), random.gauss(0, 1))",
    "random.seed()": "import random; random.seed(); print(random.random())",
    "random.seed(None)": "from random import *; seed(None); print(random())",
    "random.Random()": "import random; print(random.Random().random(), random.Random().random())",
    "a subclass of Random": (
        "import random\nclass Mine(random.Random):\n"
        "    def __init__(self): super().__init__()\nprint(Mine().random())"
    ),
    "random.SystemRandom": "import random; print(random.SystemRandom().random())",
    "random loaded by importlib": (
        "import importlib as i; r = i.import_module('random'); import this; print(r.Random().random())"
    ),
    "tempfile names": "import tempfile; print(tempfile.mktemp().rpartition('/')[2])",
    "numpy.random.default_rng": "import numpy as n; print(n.random.default_rng().random(3))",
    "numpy.random.SeedSequence": "import numpy as n; print(n.random.SeedSequence().entropy)",
    "numpy.random.RandomState": "import numpy as n; print(n.random.RandomState().rand(3))",
    "numpy.random.rand": "import numpy as n; print(n.random.rand(3))",
    "numpy.random.seed()": "import numpy as n; n.random.seed(); print(n.random.rand(3))",
    "numpy.random.PCG64": "import numpy as n; print(n.random.Generator(n.random.PCG64()).random())",
    "in a class attribute": "import os\nclass C: take = os.urandom\nprint(C().take(9).hex())",
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_seed_gives_the_same_and_another_gives_another(source, same_twice):
    same_twice(SOURCES[source])


def test_two_places_never_get_the_same_bytes(runner):
    out = runner.text(
        "import os, random, uuid\n"
        "def one(): return os.urandom(8)\n"
        "def two(): return os.urandom(8)\n"
        "taken = [one() for _ in range(500)] + [two() for _ in range(500)]\n"
        "taken += [random.Random().getrandbits(64) for _ in range(500)]\n"
        "taken += [uuid.uuid4() for _ in range(500)]\n"
        "print(len(taken), len(set(taken)))\n"
    ).out
    assert out.split() == [b"2000", b"2000"]


def test_one_more_place_changes_nothing_for_the_others(runner):
    with_more = runner.text("import os\nos.urandom(4)\nprint(os.urandom(4).hex())")
    without = runner.text("import os\n\nprint(os.urandom(4).hex())")
    assert with_more.out == without.out


def test_threads_have_streams_of_their_own(same_twice):
    same_twice(
        "import threading, random, time, os\n"
        "taken = {}\n"
        "def work(name, pause):\n"
        "    time.sleep(pause)\n"
        "    taken[name] = random.Random().random(), os.urandom(4).hex()\n"
        "pauses = [0.0, 0.03, 0.01, 0.02]\n"
        "if int.from_bytes(__import__('_random').Random().getrandbits(8).to_bytes(1, 'little')"
        ", 'little') & 1:\n"
        "    pauses.reverse()\n"
        "threads = [threading.Thread(target=work, args=(i, p)) for i, p in enumerate(pauses)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert len(set(taken.values())) == 4\n"
        "print(sorted(taken.items()))\n"
    )


def test_a_fresh_plan_gives_fresh_numbers_each_time(runner):
    text = "import random, os; print(random.random(), os.urandom(8))"
    seeds = {entropy.plan(seed=True).run_seed for _ in range(5)}
    assert len({runner.text(text, seed=seed).out for seed in seeds}) == 5


SEEDED = {
    "random.seed(1)": "import random; random.seed(1); print(random.random(), random.gauss(0, 1))",
    "random.seed('text')": "import random; random.seed('text'); print(random.random())",
    "random.seed('text', 1)": "import random; random.seed('text', version=1); print(random.random())",
    "random.Random(7)": "import random; print(random.Random(7).sample(range(99), 5))",
    "random.Random(x=b'7')": "import random; print(random.Random(b'7').random())",
    "setstate": (
        "import random; r = random.Random(3); s = r.getstate(); a = r.random(); r.setstate(s);"
        "print(a, r.random())"
    ),
    "pickle of Random": (
        "import pickle, random; r = random.Random(3); q = pickle.loads(pickle.dumps(r));"
        "print(q.random(), type(q), isinstance(q, random.Random))"
    ),
    "numpy seed": "import numpy as n; n.random.seed(0); print(n.random.rand(3))",
    "numpy default_rng(0)": "import numpy as n; print(n.random.default_rng(0).random(3))",
    "numpy RandomState(0)": "import numpy as n; print(n.random.RandomState(0).rand(3))",
    "uuid5": "import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, 'a'))",
    "faces": (
        "import random, os, pickle, inspect\n"
        "print(random.seed.__name__, random.Random.seed.__qualname__, random.Random.seed.__module__)\n"
        "print(random.Random.seed.__doc__, os.urandom.__name__, os.urandom.__doc__)\n"
        "print(random.Random.__mro__, inspect.signature(random.seed))\n"
        "print(pickle.loads(pickle.dumps(os.urandom)) == os.urandom, len(os.urandom(0)))\n"
        "for bad in (-1, 'x', None, 2.5):\n"
        "    try: os.urandom(bad)\n"
        "    except Exception as error: print(type(error), error)\n"
        "try: random.seed(object())\n"
        "except Exception as error: print(type(error), error)\n"
        "print(sorted(vars(random)), sorted(vars(os)))\n"
    ),
}


@pytest.mark.parametrize("name", SEEDED)
def test_what_the_person_seeds_is_what_it_is_without_us(name, runner):
    path = runner.script(SEEDED[name])
    assert runner.run(path).out == runner.run(path, watch=False).out


def test_key_material_is_never_replayed(runner):
    text = (
        "from cryptography.fernet import Fernet\n"
        "import ssl, multiprocessing\n"
        "print(Fernet.generate_key(), ssl.RAND_bytes(8))\n"
        "print(bytes(multiprocessing.current_process().authkey))\n"
    )
    first, again = runner.text(text).out.split(), runner.text(text).out.split()
    assert not set(first) & set(again)


def test_without_a_seed_nothing_is_replaced(runner):
    text = "import os, random; print(os.urandom, random.Random.seed.__code__.co_filename)"
    ran = runner.text(text, seed=None)
    assert ran.out == runner.text(text, watch=False).out
    assert ran.trace.active
    assert runner.text("import os; print(os.urandom(8))", seed=None).out != (
        runner.text("import os; print(os.urandom(8))", seed=None).out
    )


def test_each_unseeded_call_is_named_with_its_line_and_count(runner):
    path = runner.script(
        "import random, uuid, os, secrets, numpy\n"
        "for _ in range(1000): random.Random()\n"
        "uuid.uuid4(); uuid.uuid4()\n"
        "os.urandom(4)\n"
        "random.seed()\n"
        "secrets.token_hex()\n"
        "numpy.random.default_rng()\n"
        "random.seed(1); random.Random(2); numpy.random.default_rng(3)\n"
    )
    assert set(runner.run(path).trace.calls()) == {
        ("random.Random", f"{path}:2", 1000),
        ("uuid.uuid4", f"{path}:3", 2),
        ("os.urandom", f"{path}:4", 1),
        ("random.seed", f"{path}:5", 1),
        ("secrets.token_hex", f"{path}:6", 1),
        ("numpy.random", f"{path}:7", 1),
    }


def test_other_pythons_replay_too(other_python, same_twice, runner):
    runner.python = other_python
    same_twice(
        "import os, random, secrets, uuid, tempfile\n"
        "print(os.urandom(8).hex(), random.random(), random.Random().random(), uuid.uuid4())\n"
        "print(secrets.token_hex(), random.SystemRandom().random(), tempfile.mktemp()[-8:])\n"
    )
    seeded = runner.script(SEEDED["random.seed(1)"])
    assert runner.run(seeded).out == runner.run(seeded, watch=False).out


def test_torch_seeds_are_replayed(same_twice):
    pytest.importorskip("torch", reason="not run: torch is not installed")
    same_twice("import torch; print(torch.seed(), torch.rand(3))")


def test_draws_from_default_generators_are_named_when_nobody_seeded_them(runner):
    path = runner.script(
        "import random as r, numpy as np\n"
        "from numpy import random as nr\n"
        "r.random()\n"
        "np.random.rand(3)\n"
        "nr.shuffle([1, 2])\n"
        "r.Random(1).random(); np.random.default_rng(1).random()\n"
    )
    assert set(runner.run(path).trace.calls()) == {
        ("random (default generator)", f"{path}:3", 0),
        ("numpy.random (default generator)", f"{path}:4", 0),
        ("numpy.random (default generator)", f"{path}:5", 0),
    }


def test_a_default_generator_that_a_library_draws_from_is_named_without_a_line(runner):
    ran = runner.text("import random\nshuffle = getattr(random, 'shuffle')\nshuffle([1, 2, 3])")
    assert ran.trace.calls() == (("random (default generator)", "", 0),)


@pytest.mark.parametrize(
    "text",
    [
        "import random, numpy",
        "import random; random.seed(1); random.random()",
        "import numpy as np; np.random.seed(0); np.random.rand()",
        "from random import seed, random; seed('a'); random()",
    ],
)
def test_nothing_is_named_when_the_person_seeds_or_draws_nothing(runner, text):
    assert runner.text(text).trace.calls() == ()


def test_a_draw_before_the_seed_is_named(runner):
    path = runner.script("import random\nrandom.random()\nrandom.seed(1)\n")
    assert runner.run(path).trace.calls() == (("random (default generator)", f"{path}:2", 0),)
