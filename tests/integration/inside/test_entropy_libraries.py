"""Libraries that take entropy by themselves: replayed, named by line, or left alone for keys."""

from __future__ import annotations

import pytest

NOT_INSTALLED = "not run: {} is not installed"


def calls(ran):
    """Return what is on record, with lines only."""
    return {(source, where.rpartition(":")[2], times) for source, where, times in ran.trace.calls()}


TORCH = {
    "draws that nobody seeded": "import torch; print(torch.rand(3), torch.randperm(9))",
    "the first weights of a layer": "import torch; print(torch.nn.Linear(3, 2).weight)",
    "torch.seed": "import torch; print(torch.seed(), torch.rand(3))",
    "the order of a loader": (
        "import torch\nfrom torch.utils.data import DataLoader, TensorDataset as T\n"
        "print(list(DataLoader(T(torch.arange(40.)), shuffle=True)))"
    ),
    "workers of a loader": (
        "import random, numpy, torch\nfrom torch.utils.data import DataLoader, Dataset\n"
        "class D(Dataset):\n"
        "    def __len__(self): return 6\n"
        "    def __getitem__(self, i):\n"
        "        return torch.tensor([random.random(), numpy.random.rand(), torch.rand(()).item()])\n"
        "if __name__ == '__main__':\n"
        "    print(list(DataLoader(D(), num_workers=2, shuffle=True)))"
    ),
    "a child by spawn": (
        "import torch, torch.multiprocessing as mp\n"
        "def work(rank): print(rank, torch.rand(2), flush=True)\n"
        "if __name__ == '__main__': mp.spawn(work, nprocs=1)"
    ),
}


@pytest.mark.parametrize("name", TORCH)
def test_torch_is_replayed(name, same_twice):
    pytest.importorskip("torch", reason=NOT_INSTALLED.format("torch"))
    same_twice(TORCH[name])


def test_what_torch_is_seeded_with_is_what_it_is_without_us(runner):
    pytest.importorskip("torch", reason=NOT_INSTALLED.format("torch"))
    path = runner.script(
        "import torch\ntorch.manual_seed(3)\nprint(torch.rand(3), torch.initial_seed())\n"
        "print(torch.Generator().initial_seed(), torch.seed.__name__, torch.seed.__module__)\n"
    )
    watched = runner.run(path)
    assert watched.out == runner.run(path, watch=False).out
    assert watched.trace.calls() == ()


def test_lines_that_draw_from_the_generator_of_torch_are_named(runner):
    pytest.importorskip("torch", reason=NOT_INSTALLED.format("torch"))
    ran = runner.text(
        "import torch\n"
        "from torch import nn\n"
        "torch.rand(2)\n"
        "nn.Linear(2, 2)\n"
        "torch.ones(2).normal_()\n"
        "torch.rand(2, generator=torch.Generator())\n"
    )
    assert calls(ran) == {("torch (default generator)", line, 0) for line in "345"}


STAND_IN = {
    "torch/__init__.py": (
        "from torch.random import seed, manual_seed, default_generator, rand\n"
        "from torch import cuda\n"
        "class backends:\n"
        "    class cpu: get_cpu_capability = staticmethod(lambda: 'none')\n"
        "if __import__('os').environ.get('BREAK'): raise ImportError('half-way')\n"
    ),
    "torch/random.py": (
        "import _random\n"
        "class Generator:\n"
        "    def __init__(self): self.manual_seed(_random.Random().getrandbits(60))\n"
        "    def manual_seed(self, seed): self.first = seed; self.drawn = 0\n"
        "    def initial_seed(self): return self.first\n"
        "    def get_state(self): return State((self.first, self.drawn))\n"
        "class State(tuple):\n"
        "    def equal(self, other): return self == other\n"
        "default_generator = Generator()\n"
        "def manual_seed(seed): default_generator.manual_seed(seed)\n"
        "def seed(): return 7\n"
        "def rand(): default_generator.drawn += 1; return hash((default_generator.first, 1))\n"
    ),
    "torch/cuda/__init__.py": (
        "seeds = []\ndef _is_compiled(): return True\n"
        "def manual_seed_all(seed): seeds.append(seed)\n"
    ),
}


@pytest.fixture
def stand_in(runner):
    """What is patched of torch, for machines without it: a card's generators among it."""
    site = runner.folder / "lib" / "site-packages"
    for name, text in STAND_IN.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    runner.extra["PYTHONPATH"] = str(site)


def test_generators_of_torch_begin_from_the_runs_seed(runner, stand_in, same_twice):
    same_twice("import torch; print(torch.default_generator.initial_seed(), torch.cuda.seeds)")
    same_twice("import torch; print(torch.seed(), torch.default_generator.initial_seed())")
    path = runner.script("import torch\ntorch.rand()\n")
    assert calls(runner.run(path)) == {("torch (default generator)", "2", 0)}
    seeded = runner.script("import torch\ntorch.manual_seed(3)\ntorch.rand()\n")
    assert calls(runner.run(seeded)) == set()


def test_an_import_of_torch_that_fails_half_way_is_left_at_that(runner, stand_in):
    runner.extra["BREAK"] = "1"
    text = "try: import torch\nexcept ImportError as error: print(error)\nimport torch.random\n"
    ran = runner.text(text, check=False)
    assert (ran.out, ran.code, ran.trace.faults) == (b"half-way\n", 1, ())


def test_jax_is_replayed_by_what_its_keys_are_made_of(same_twice):
    pytest.importorskip("jax", reason=NOT_INSTALLED.format("jax"))
    same_twice(
        "import os, jax, numpy as np\n"
        "for seed in (int.from_bytes(os.urandom(4), 'big'), np.random.randint(2**31)):\n"
        "    print(jax.random.normal(jax.random.key(seed), (3,)))\n"
    )


def test_jax_with_a_seed_is_what_it_is_without_us(runner):
    pytest.importorskip("jax", reason=NOT_INSTALLED.format("jax"))
    path = runner.script("import jax; print(jax.random.normal(jax.random.key(0), (3,)))")
    assert runner.run(path).out == runner.run(path, watch=False).out


KEYS = {
    "ssl": ("ssl", "import ssl; print(ssl.RAND_bytes(16))"),
    "multiprocessing": (
        "multiprocessing",
        "import multiprocessing as mp; print(bytes(mp.current_process().authkey))",
    ),
    "Fernet": (
        "cryptography",
        "from cryptography.fernet import Fernet; print(Fernet.generate_key())",
    ),
    "AESGCM, which compiled code makes": (
        "cryptography",
        """from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
print(AESGCM.generate_key(128), ChaCha20Poly1305.generate_key())""",
    ),
    "Ed25519": (
        "cryptography",
        """from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as K
print(K.generate().private_bytes_raw())""",
    ),
    "elliptic curves": (
        "cryptography",
        """from cryptography.hazmat.primitives.asymmetric import ec
print(ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value)""",
    ),
    "serial numbers": (
        "cryptography",
        "from cryptography import x509; print(x509.random_serial_number())",
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_no_key_is_ever_made_twice(name, runner):
    module, text = KEYS[name]
    pytest.importorskip(module, reason=NOT_INSTALLED.format(module))
    first, again = runner.text(text), runner.text(text)
    assert first.out.strip()
    assert first.out != again.out
    assert calls(first) == set()


def test_secrets_that_a_maker_of_keys_asks_for_are_the_systems_own(runner):
    site = runner.folder / "lib" / "site-packages"
    (site / "jwt").mkdir(parents=True)
    (site / "jwt" / "__init__.py").write_text(
        "import os, random, secrets, uuid\n"
        "def key(): return [secrets.token_hex(8), os.urandom(8), uuid.uuid4(),\n"
        "                   random.SystemRandom().getrandbits(64)]\n"
    )
    runner.extra["PYTHONPATH"] = str(site)
    text = "import jwt, secrets; print(*jwt.key(), sep='\\n'); print(secrets.token_hex())"
    first, again = runner.text(text).out.splitlines(), runner.text(text).out.splitlines()
    assert [a == b for a, b in zip(first, again, strict=True)] == [False] * 4 + [True]


def test_compiled_code_that_keeps_os_urandom_makes_keys_of_the_systems_own(runner):
    site = runner.folder / "lib"
    (site / "cryptography" / "hazmat" / "bindings").mkdir(parents=True)
    for name in ("", "hazmat", "hazmat/bindings"):
        (site / "cryptography" / name / "__init__.py").write_text("")
    (site / "cryptography" / "hazmat" / "bindings" / "_rust.py").write_text(
        "class openssl:\n"
        "    class aead:\n"
        "        class AESGCM:\n"
        "            kept = None\n"
        "            @classmethod\n"
        "            def generate_key(cls, bits):\n"
        "                import os\n"
        "                cls.kept = cls.kept or os.urandom\n"
        "                return cls.kept(bits // 8)\n"
    )
    runner.extra["PYTHONPATH"] = str(site)
    text = (
        "import os, cryptography.hazmat.bindings._rust as r\n"
        "taken = r.openssl.aead.AESGCM.kept\n"
        "print(taken is not os.urandom, taken(8).hex(), os.urandom(8).hex())"
    )
    first, again = runner.text(text).out.split(), runner.text(text).out.split()
    assert first[0] == b"True"
    assert (first[1] == again[1], first[2] == again[2]) == (False, True)


def test_a_library_that_takes_the_default_generator_is_named_at_the_nearest_line(runner):
    pytest.importorskip("sklearn", reason=NOT_INSTALLED.format("scikit-learn"))
    pytest.importorskip("pandas", reason=NOT_INSTALLED.format("pandas"))
    ran = runner.text(
        "import numpy as np, pandas as pd\n"
        "from scipy import stats\n"
        "from sklearn.model_selection import train_test_split\n"
        "def split(x): return train_test_split(x)\n"
        "split(np.arange(9)); split(np.arange(9))\n"
        "train_test_split(np.arange(9), random_state=0)\n"
        "pd.Series(range(9)).sample(2)\n"
        "stats.norm.rvs(size=2)\n"
    )
    assert calls(ran) == {
        ("numpy.random (default generator) by sklearn", "4", 2),
        ("numpy.random (default generator) by pandas", "7", 1),
        ("numpy.random (default generator)", "8", 0),
    }


def test_numpys_states_of_a_seed_are_not_named(runner):
    ran = runner.text(
        "import numpy as np\n"
        "np.random.RandomState(0); np.random.RandomState(seed=1)\n"
        "np.random.RandomState()\n"
        "np.random.RandomState(0); np.random.default_rng()\n"
        "np.random.RandomState(None)\n"
    )
    assert {(source, line) for source, line, _ in calls(ran)} == {
        ("numpy.random", line) for line in "345"
    }


def test_a_library_that_takes_a_default_generator_which_was_seeded_is_not_named(runner):
    pytest.importorskip("sklearn", reason=NOT_INSTALLED.format("scikit-learn"))
    ran = runner.text(
        "import numpy as np; np.random.seed(0)\n"
        "from sklearn.model_selection import train_test_split\n"
        "train_test_split(np.arange(9))\n"
    )
    assert ran.trace.calls() == ()


def test_a_seed_given_to_a_library_is_counted_once_for_all_lines(runner):
    ran = runner.text(
        "import os\n"
        "code = 'def check_random_state(seed):\\n  import numpy as np\\n'\n"
        "code += '  return np.random.RandomState(seed)'\n"
        "where = os.path.join(os.path.dirname(os.__file__), 'site-packages', 'x', 'y.py')\n"
        "exec(compile(code, where, 'exec'))\n"
        "def state(seed): return check_random_state(seed).randint(1 << 30)\n"
        "print(state(1), state(2),\n"
        "  state(1))\n"
        "check_random_state(None)\n"
        "def check_random_state(seed): return os.urandom(3)\n"
        "check_random_state(4)\n"
    )
    first, second, again = map(int, ran.out.split())
    assert first == again != second
    assert {line for _, line, _ in calls(ran)} == {"9", "10"}
    seeded = [call for call in ran.trace.entropy if call.importing and "by" in call.source]
    assert [call.count for call in seeded] == [3]


def test_what_a_library_calls_with_a_seed_is_still_looked_for(runner):
    ran = runner.text(
        "import os\n"
        "code = 'def check_random_state(seed): return seed()'\n"
        "where = os.path.join(os.path.dirname(os.__file__), 'site-packages', 'x', 'y.py')\n"
        "exec(compile(code, where, 'exec'))\n"
        "def mine(): return os.urandom(3)\n"
        "check_random_state(mine)\n"
    )
    assert calls(ran) == {("os.urandom", "5", 1)}


def test_what_no_seed_brings_back_is_named_so(runner):
    ran = runner.text(
        "import uuid\n"
        "uuid.uuid1(); uuid.uuid1()\n"
        "with open('/dev/urandom', 'rb') as device: device.read(3)\n"
        "uuid.getnode(); uuid.uuid5(uuid.NAMESPACE_DNS, 'a')\n"
    )
    found = {("uuid.uuid1 (not replayed)", "2", 2), ("/dev/urandom (not replayed)", "3", 1)}
    made_up = {("uuid.getnode", "4", 1)}  # on a machine that tells no address: drawn, and replayed
    assert calls(ran) - made_up == found


def test_what_is_told_of_looks_as_ever(runner):
    path = runner.script(
        "import inspect, pickle, uuid\n"
        "print(uuid.uuid1.__name__, uuid.uuid1.__module__, uuid.uuid1.__doc__)\n"
        "print(inspect.signature(uuid.uuid1), pickle.loads(pickle.dumps(uuid.uuid1)) is uuid.uuid1)\n"
        "print(sorted(vars(uuid)), uuid.uuid1(5, 6).node)\n"
    )
    assert runner.run(path).out == runner.run(path, watch=False).out


def test_what_a_kernel_draws_for_itself_moves_no_generator_of_the_person(runner):
    pytest.importorskip("IPython", reason=NOT_INSTALLED.format("IPython"))
    drawn = {
        runner.text(
            "import random\n"
            "from IPython.core.tips import pick_tip\n"
            f"assert all([pick_tip() for _ in range({asked})])\n"
            "print(random.random())\n"
        ).out
        for asked in (1, 2, 30)
    }
    assert len(drawn) == 1


def test_workers_of_joblib_replay_when_one_of_them_works(same_twice):
    pytest.importorskip("joblib", reason=NOT_INSTALLED.format("joblib"))
    same_twice(
        "import os, random, numpy as np\n"
        "from joblib import Parallel, delayed\n"
        "def work(n): return n, random.random(), os.urandom(4).hex(), np.random.rand()\n"
        "if __name__ == '__main__':\n"
        "    from joblib.externals.loky import get_reusable_executor\n"
        "    pool = get_reusable_executor(max_workers=1)\n"
        "    print([pool.submit(work, n).result() for n in range(4)])\n"
        "    print(Parallel(n_jobs=1)(delayed(work)(n) for n in range(2)))\n"
        "    pool.shutdown()\n"
    )


def test_other_pythons_name_what_no_seed_brings_back(other_python, runner):
    runner.python = other_python
    ran = runner.text("import uuid\nuuid.uuid1()\nopen('/dev/urandom', 'rb').read(1)\n")
    found = {("uuid.uuid1 (not replayed)", "2", 1), ("/dev/urandom (not replayed)", "3", 1)}
    assert calls(ran) == found
