"""The ops are registered once both TensorFlow and this package are imported, in any order and way."""

from pathlib import Path

import pytest
from environment import Environment

# A fake TensorFlow that records which libraries were loaded. Tests can make it fail.
TENSORFLOW = """
import os
if os.path.exists("broken"):
    raise RuntimeError("broken")
__version__ = "2.21.0"
loaded = []
def load_op_library(path):
    loaded.append(os.path.basename(path))
"""
LOADED = "import tensorflow; print(tensorflow.loaded)"
ONCE = "['_ops_tf2_21.so']\n"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    made = Environment(tmp_path, serves=("2.21",))
    made.install_module(TENSORFLOW)
    (tmp_path / "tensorflow/data.py").touch()
    return made


ORDERS = {
    "TensorFlow first": "import tensorflow, tf_npz",
    "TensorFlow last": "import tf_npz, tensorflow",
    "a module of TensorFlow's": "import tf_npz; import tensorflow.data",
    "from TensorFlow": "import tf_npz; from tensorflow import data",
    "by name": "import importlib, tf_npz; importlib.import_module('tensorflow')",
    "after others have looked for it": """
import importlib.util, tf_npz
for _ in range(3):
    assert importlib.util.find_spec("tensorflow").origin.endswith("tensorflow/__init__.py")
importlib.invalidate_caches()
""",
    "after it has failed": """
import os, pathlib, tf_npz
for _ in range(2):
    pathlib.Path("broken").touch()
    try:
        import tensorflow
    except RuntimeError as error:
        assert str(error) == "broken"
    else:
        raise AssertionError
os.remove("broken")
""",
    "after it was kept out": """
import sys, tf_npz
sys.modules["tensorflow"] = None
try:
    import tensorflow
except ImportError:
    del sys.modules["tensorflow"]
""",
    "lazily": """
import importlib.util, sys, tf_npz
spec = importlib.util.find_spec("tensorflow")
spec.loader = importlib.util.LazyLoader(spec.loader)
module = importlib.util.module_from_spec(spec)
sys.modules["tensorflow"] = module
spec.loader.exec_module(module)
assert module.__version__ == "2.21.0"
""",
    "with the package reloaded before": "import importlib, tf_npz; importlib.reload(tf_npz); import tensorflow",
    "with the package reloaded after": "import importlib, tf_npz, tensorflow; importlib.reload(tf_npz)",
    "with the package imported twice": """
import sys, tf_npz
for name in [name for name in sys.modules if name.startswith("tf_npz")]:
    del sys.modules[name]
import tf_npz
import tensorflow
tensorflow.loaded = list(dict.fromkeys(tensorflow.loaded))  # TensorFlow loads a library only once
""",
    "in two threads": """
import threading, tf_npz
def work():
    import tensorflow
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
""",
}


@pytest.mark.parametrize("code", ORDERS.values(), ids=ORDERS.keys())
def test_the_ops_are_loaded_once(environment: Environment, code: str) -> None:
    assert environment.outcome(f"{code}\n{LOADED}") == ONCE


def test_another_hook_for_tensorflow_still_works(environment: Environment) -> None:
    hook = """
import importlib.util, sys

class Hook:  # like that of a tracer: it asks all finders again, and then adds its own step
    asking = False
    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow" or self.asking:
            return None
        self.asking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.asking = False
        execute = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (execute(module), print("traced"))
        return spec
"""
    before = "sys.meta_path.insert(0, Hook()); import tf_npz"
    after = "import tf_npz; sys.meta_path.insert(0, Hook())"
    for order in (before, after):
        assert environment.outcome(f"{hook}\n{order}\n{LOADED}").replace("traced\n", "", 1) == ONCE


def test_a_package_that_tensorflow_imports_itself_waits_for_its_first_use(environment: Environment) -> None:
    (environment.folder / "tensorflow/__init__.py").write_text(f"import tf_npz\n{TENSORFLOW}")
    code = "import tensorflow; print(tensorflow.loaded); from tf_npz import _ops; _ops.library()"
    assert environment.outcome(f"{code}\n{LOADED}") == f"[]\n{ONCE}"


def test_the_hook_does_not_change_tensorflow(environment: Environment) -> None:
    code = """
import importlib.resources, inspect, sys, tensorflow
assert type(tensorflow.__loader__).__name__ == "SourceFileLoader"
assert tensorflow.__spec__.name == "tensorflow" and tensorflow.__path__
assert "load_op_library" in inspect.getsource(tensorflow)
print(sorted(path.name for path in importlib.resources.files("tensorflow").iterdir() if path.suffix == ".py"))
"""
    assert environment.outcome(f"import tf_npz\n{code}") == environment.outcome(code) == "['__init__.py', 'data.py']\n"


BROKEN_LIBRARIES = {
    "of another minor": (
        '__version__ = "2.20.0"\ndef load_op_library(path): raise AssertionError(path)',
        "ImportError: This tf_npz (0+unknown) serves TensorFlow 2.21, but 2.20.0 is installed",
    ),
    "that can't be loaded": (
        '__version__ = "2.21.0"\ndef load_op_library(path): raise OSError("undefined symbol")',
        "OSError: undefined symbol",
    ),
}


@pytest.mark.parametrize(("module", "message"), BROKEN_LIBRARIES.values(), ids=BROKEN_LIBRARIES.keys())
@pytest.mark.parametrize("first", ["tf_npz", "tensorflow"])
def test_ops_that_cannot_be_loaded_are_reported_when_they_are_used(
    tmp_path: Path, module: str, message: str, first: str
) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module(module)
    if first == "tensorflow" and "2.20" in module:
        # The imported version is known, and is refused as usual.
        assert environment.outcome("import tensorflow, tf_npz").startswith(message)
        return
    imports = "import tf_npz, tensorflow" if first == "tf_npz" else "import tensorflow, tf_npz"
    assert environment.outcome(f"{imports}; print('imported')") == "imported\n"
    assert environment.outcome(f"{imports}; from tf_npz import _ops; _ops.library()").startswith(message)


def test_without_tensorflow_its_import_fails_as_usual(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    message = "ModuleNotFoundError: No module named 'tensorflow'"
    assert environment.outcome("import tf_npz, tensorflow") == environment.outcome("import tensorflow") == message
