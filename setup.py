"""Builds the two native parts by CMake; all else about the package stands in pyproject.toml."""

import os
import pathlib
import shutil
import subprocess
import sys

import setuptools
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent


class CMakeBuild(build_ext):
    """Runs CMake once; `cmake --install` puts _core*.so and _ops_tf*.so into the package."""

    def run(self) -> None:
        run(sys.executable, HERE / "tools/check_machine.py", "--headers", "--tensorflow")
        options = [f"-DPython_EXECUTABLE={sys.executable}", *os.environ.get("CMAKE_ARGS", "").split()]
        if self.editable_mode:  # The Makefile's own build folder, and the source tree's package.
            build, package_root = HERE / "build/release", HERE / "python"
        else:
            # Always fresh: with build isolation, the paths that CMake remembers are gone the next time.
            build, package_root = HERE / self.build_temp, HERE / self.build_lib
            shutil.rmtree(build, ignore_errors=True)
            for library in (package_root / "tf_npz").glob("*.so"):  # of an earlier build, for another TensorFlow
                library.unlink()
            options.append("-DTF_NPZ_BUILD_TESTS=OFF")
        run("cmake", "--preset", "release", "-B", build, *options)
        jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count()))
        run("cmake", "--build", build, "--parallel", jobs, "--", "--quiet")
        strip = [] if self.editable_mode else ["--strip"]
        run("cmake", "--install", build, "--prefix", package_root, "--component", "extension", *strip)

    def get_source_files(self) -> list[str]:
        return []  # MANIFEST.in names them.


def run(*command: object) -> None:
    if subprocess.run([str(word) for word in command], cwd=HERE).returncode != 0:
        sys.exit("tf-npz was not built: the reason stands above.")


if int(setuptools.__version__.split(".")[0]) < 77:  # Build isolation brings it; without, it may be venv's old one.
    sys.exit(f"setuptools {setuptools.__version__} is too old to build tf-npz: pip install 'setuptools>=77'")

setup(ext_modules=[Extension("tf_npz._core", sources=[])], cmdclass={"build_ext": CMakeBuild})
