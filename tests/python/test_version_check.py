"""The installed TensorFlow is compared with those that the build serves, before any of it is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tf_npz
from environment import Environment
from tf_npz import _ops, _version_check

IMPORT = "import tf_npz; print('imported')"


def test_an_installed_tensorflow_of_another_minor_is_refused_in_one_sentence(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module()
    environment.install_distribution("2.20.1")
    message = environment.outcome(IMPORT)
    assert message.startswith("ImportError: ")
    assert "serves TensorFlow 2.21, but 2.20.1 is installed" in message
    assert 'pip install "tensorflow==2.21.*"' in message
    assert "pip install --no-build-isolation ." in message


def test_several_served_versions_are_listed_in_order(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21", "2.9", "2.16"))
    environment.install_module()
    environment.install_distribution("2.20.1")
    message = environment.outcome(IMPORT)
    assert "serves TensorFlow 2.9, 2.16 and 2.21, but 2.20.1 is installed" in message
    assert 'pip install "tensorflow==2.21.*"' in message


@pytest.mark.parametrize("name", ["tensorflow_cpu", "tf_nightly", "intel_tensorflow"])
def test_the_line_to_type_names_the_distribution_that_is_installed(tmp_path: Path, name: str) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module()
    environment.install_distribution("2.22.0.dev20261101", name)
    message = environment.outcome(IMPORT)
    assert "but 2.22.0.dev20261101 is installed" in message
    assert f'pip install "{name.replace("_", "-")}==2.21.*"' in message


@pytest.mark.parametrize("version", ["2.21.0", "2.21.7", "2.21.0rc1", "2.21.0+nv26.11"])
def test_every_patch_of_a_served_minor_is_accepted_and_not_imported(tmp_path: Path, version: str) -> None:
    environment = Environment(tmp_path, serves=("2.20", "2.21"))
    environment.install_module()
    environment.install_distribution(version)
    assert environment.outcome(IMPORT) == "imported\n"


def test_minors_are_compared_as_numbers(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module()
    environment.install_distribution("2.2.1")
    assert "but 2.2.1 is installed" in environment.outcome(IMPORT)


def test_the_imported_tensorflow_decides_over_metadata(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module("__version__ = '2.20.0'")
    environment.install_distribution("2.21.0")
    assert environment.outcome(IMPORT) == "imported\n"
    assert "but 2.20.0 is installed" in environment.outcome(f"import tensorflow; {IMPORT}")


UNDECIDED = {
    "of a distribution that is not known": [("2.20.0", "vendor_tensorflow")],
    "of two distributions in one folder": [("2.20.0", "tensorflow"), ("2.21.0", "tensorflow_cpu")],
}


@pytest.mark.parametrize("distributions", UNDECIDED.values(), ids=UNDECIDED.keys())
def test_if_metadata_is_unclear_the_check_before_loading_decides(
    tmp_path: Path, distributions: list[tuple[str, str]]
) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_module()
    for version, name in distributions:
        environment.install_distribution(version, name)
    assert environment.outcome(IMPORT) == "imported\n"


def test_metadata_without_the_module_is_no_tensorflow(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    environment.install_distribution("2.20.0")
    assert environment.outcome(IMPORT) == "imported\n"


def test_a_build_without_ops_says_how_to_build_them(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=())
    environment.install_module()
    environment.install_distribution("2.20.0")
    message = environment.outcome(IMPORT)
    assert "its ops were not built" in message
    assert "pip install --no-build-isolation ." in message


def test_inspect_works_without_tensorflow(tmp_path: Path) -> None:
    environment = Environment(tmp_path, serves=("2.21",))
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 3), np.float32))
    code = "import sys, tf_npz; print(tf_npz.inspect('a.npz').arrays['x'].shape, 'numpy' in sys.modules)"
    assert environment.outcome(code) == "(2, 3) False\n"


@pytest.mark.parametrize("name", ["NpzReaderDataset", "load", "decode", "element_spec", "inspect('gs://b/a.npz')"])
def test_the_rest_says_what_to_install(tmp_path: Path, name: str) -> None:
    environment = Environment(tmp_path, serves=("2.20", "2.21"))
    message = environment.outcome(f"import tf_npz; tf_npz.{name}")
    assert message.startswith("ImportError: ")
    assert "needs TensorFlow, which is not installed" in message
    assert 'pip install "tensorflow==2.21.*"' in message


def test_a_library_for_another_minor_is_never_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "_ops_tf2_21.so").touch()
    loaded: list[str] = []
    monkeypatch.setattr(_version_check, "_PACKAGE", tmp_path)
    monkeypatch.setattr(tf, "load_op_library", loaded.append)
    monkeypatch.setattr(tf, "__version__", "2.20.0")
    with pytest.raises(ImportError, match=r"serves TensorFlow 2\.21, but 2\.20\.0 is installed"):
        _ops.library.__wrapped__()
    assert loaded == []
    monkeypatch.setattr(tf, "__version__", "2.21.3")
    _ops.library.__wrapped__()
    assert loaded == [str(tmp_path / "_ops_tf2_21.so")]


@pytest.mark.parametrize("minor", ["2.1", "2.16", "2.20", "2.21"])
def test_the_library_of_the_exact_minor_is_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, minor: str) -> None:
    for served in ["2.21", "2.1", "2.16", "2.20"]:
        (tmp_path / f"_ops_tf{served.replace('.', '_')}.so").touch()
    loaded: list[str] = []
    monkeypatch.setattr(_version_check, "_PACKAGE", tmp_path)
    monkeypatch.setattr(tf, "load_op_library", loaded.append)
    monkeypatch.setattr(tf, "__version__", f"{minor}.3")
    _ops.library.__wrapped__()
    assert loaded == [str(tmp_path / f"_ops_tf{minor.replace('.', '_')}.so")]


def test_importing_the_package_does_not_import_tensorflow() -> None:
    root = str(Path(tf_npz.__file__).parent.parent)
    code = "import sys, tf_npz; dir(tf_npz); tf_npz.inspect; print('tensorflow' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": root}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"


def test_the_package_lists_its_public_names() -> None:
    assert dir(tf_npz) == sorted(tf_npz.__all__)
    for name in tf_npz.__all__:
        value = getattr(tf_npz, name)
        assert getattr(value, "__name__", None) == name or repr(value) == f"tf_npz.{name}"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tf_npz.nothing
