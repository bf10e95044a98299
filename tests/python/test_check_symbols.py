"""tools/check_symbols.py finds faults in libraries that a release must not ship."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools/check_symbols.py"

pytestmark = pytest.mark.skipif(
    not (shutil.which("cc") and shutil.which("readelf")), reason="no C compiler to make libraries with"
)


def check(*files: Path) -> list[str]:
    """The faults that it finds, without the folders of the files."""
    result = subprocess.run([sys.executable, TOOL, *files], capture_output=True, text=True)
    assert (result.returncode == 0) == (result.stderr == "")
    return [line.replace(f"{files[0].parent}/", "") for line in result.stderr.splitlines()]


def link(path: Path, source: str, *options: str | Path) -> Path:
    """A library of C code that needs no other library."""
    code = path.with_suffix(".c")
    code.write_text(source)
    command = ["cc", "-shared", "-fPIC", "-nostdlib", "-fvisibility=hidden", "-o", path, code, *options]
    subprocess.run(command, check=True)
    return path


def old_and_new_libm(folder: Path) -> Path:
    """A replacement of libm. The versions of its symbols do not depend on this system."""
    versions = folder / "versions"
    versions.write_text("GLIBC_2.27 { old_function; };\nGLIBC_2.28 { new_function; };\n")
    source = "".join(
        f'__attribute__((visibility("default"))) int {name}(void) {{ return 0; }}\n'
        for name in ("old_function", "new_function")
    )
    return link(folder / "libm.so.6", source, "-Wl,-soname,libm.so.6", f"-Wl,--version-script={versions}")


def module(folder: Path, name: str, calls: str, *options: str | Path) -> Path:
    source = (
        f'int {calls}(void);\n__attribute__((visibility("default"))) int PyInit__core(void) {{ return {calls}(); }}\n'
    )
    return link(folder / name, source, *options)


def test_a_symbol_newer_than_the_oldest_system_is_named(tmp_path):
    libm = old_and_new_libm(tmp_path)
    assert check(module(tmp_path, "_core.so", "old_function", libm)) == []
    assert check(module(tmp_path, "_core.so", "new_function", libm)) == [
        "_core.so: needs new_function of GLIBC_2.28, which is newer than manylinux_2_27"
    ]


def test_other_libraries_may_not_be_needed(tmp_path):
    source = '__attribute__((visibility("default"))) int PyOther(void) { return 0; }'
    other = link(tmp_path / "libother.so.1", source, "-Wl,-soname,libother.so.1")
    assert check(module(tmp_path, "_core.so", "PyOther", other)) == ["_core.so: needs the library libother.so.1"]


@pytest.mark.parametrize(
    ("name", "calls", "faults"),
    [
        ("_core.so", "PyList_New", []),
        ("_core.so", "inflate", ["_core.so: takes inflate from any library that has it"]),
        ("_ops_tf2_21.so", "_ZN10tensorflow4TensorC1Ev", ["_ops_tf2_21.so: exports PyInit__core"]),
        (
            "_ops_tf2_21.so",
            "inflate",
            ["_ops_tf2_21.so: exports PyInit__core", "_ops_tf2_21.so: takes inflate from any library that has it"],
        ),
    ],
)
def test_codecs_come_from_nowhere_else_and_only_python_sees_a_symbol(tmp_path, name, calls, faults):
    assert sorted(check(module(tmp_path, name, calls))) == faults


def test_libraries_in_a_wheel_must_be_stripped_and_it_must_have_some(tmp_path):
    library = module(tmp_path, "_core.so", "PyList_New")
    stripped = module(tmp_path, "_stripped.so", "PyList_New", "-s")
    for files, faults in [
        ({"tf_npz/_core.so": stripped}, []),
        ({"tf_npz/_core.so": library}, ["a.whl: tf_npz/_core.so: is not stripped"]),
        ({"tf_npz/__init__.py": tmp_path / "__init__.py"}, ["a.whl: holds no library"]),
    ]:
        (tmp_path / "__init__.py").touch()
        with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
            for name, file in files.items():
                wheel.write(file, name)
        assert check(tmp_path / "a.whl") == faults
