# The daily commands, each a few lines over CMake, pip, ctest and pytest. CI runs the same ones.
# PYTHON=python3.12 chooses the interpreter (at the first setup), JOBS=4 the number of compilers.

PYTHON ?= python3
JOBS ?= $(shell nproc)
TENSORFLOW ?= all
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# No greetings from TensorFlow; its errors still show.
export TF_CPP_MIN_LOG_LEVEL ?= 2

CPP_FILES = $(shell find cc tests benchmarks -name '*.h' -o -name '*.cc')
say = @printf '[%s] %s\n'

# $(call compile,PRESET): configures and builds it in build/PRESET. A person sees the compiler's progress, a log does not.
configure = tools/quietly build/$(1)-configure.log cmake --preset $(1) -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python $(CMAKE_ARGS)
compile = $(configure) && \
  if [ -t 1 ]; then cmake --build build/$(1) --parallel $(JOBS); \
  else cmake --build build/$(1) --parallel $(JOBS) -- --quiet; fi
# Each file of tests in one of a few processes.
pytest = $(BIN)/python -m pytest -q --numprocesses $(JOBS) --maxprocesses 8 --dist loadfile
ctest = tools/quietly --count build/$(1)-ctest.log \
  ctest --test-dir build/$(1) --output-on-failure --no-tests=error --parallel $(JOBS)

.DEFAULT_GOAL := help
.PHONY: help setup compile build test test-cc test-python test-system-zlib test-install test-fresh-install nightly lint format sanitize bench bench-memory bench-limits bench-conversions bench-instructions docs-tables demo wheel wheel-aarch64 test-aarch64 matrix release clean

help: ## Show this list
	@sed -nE 's/^([a-z0-9-]+):.*## /\1\t/p' Makefile | expand -t 20

setup: .venv/.complete ## Create .venv with everything that the other commands need

.venv/.complete: requirements-dev.txt cmake/tensorflow.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.10 to 3.13, or name one: make PYTHON=..."; exit 1; }
	@$(PYTHON) tools/check_machine.py --venv --headers
	$(say) setup "Creating .venv with TensorFlow, CMake and the test tools (once, 1 to 3 minutes) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --requirement requirements-dev.txt "$$($(BIN)/python tools/tensorflow_versions.py --newest)"
	@touch $@

compile: .venv/.complete
	$(say) build "Compiling what has changed (the first time: fetching the codecs, 1 to 3 minutes) ..."
	@$(call compile,release)
	@cmake --install build/release --prefix python --component extension >build/release-install.log

# Once, so that .venv imports the package from python/. setup.py uses build/release too, and finds it built.
.venv/.installed: setup.py pyproject.toml | compile
	@$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --editable .
	@touch $@

build: compile .venv/.installed ## Build the ops and the inspection module into python/tf_npz

test: test-cc test-python ## Run all tests: C++, then Python

test-cc: build
	$(say) test "C++ tests ..."
	@$(call ctest,release)

test-python: build
	$(say) test "Python tests ..."
	@$(pytest) -m "not nightly" $(PYTEST_ARGS)

# The codecs differ in cc/inflate alone. The layers above it are tested as far as they decode.
test-system-zlib: .venv/.complete ## Build with the system's zlib alone, in build/system-zlib, and test what decodes against it
	$(say) system-zlib "Compiling ..."
	@tools/quietly build/system-zlib-configure.log \
	  cmake --preset system-zlib -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python $(CMAKE_ARGS)
	@cmake --build build/system-zlib --target inflate_test reader_test --parallel $(JOBS) -- --quiet
	$(say) system-zlib "C++ tests ..."
	@tools/quietly --count build/system-zlib-ctest.log \
	  ctest --test-dir build/system-zlib --output-on-failure --no-tests=error --parallel $(JOBS) -R '^(inflate|reader)/'

# The package as a user gets it, from what make build compiled, imported from another folder.
test-install: build ## Install the package by pip into an empty folder, and use it from there
	$(say) install "Installing into build/install ..."
	@rm -rf build/install && mkdir -p build/install/elsewhere
	@$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --target build/install/site .
	@cd build/install/elsewhere && $(CURDIR)/$(BIN)/python -c \
	  'import runpy, sys; sys.path.insert(0, "../site"); runpy.run_path("../../../tests/matrix/check.py", run_name="__main__")'

test-fresh-install: .venv/.complete ## Build and install by pip in an environment of its own, which fetches all that it needs
	@rm -rf build/fresh && $(BIN)/python -m venv build/fresh/venv && mkdir build/fresh/elsewhere
	@CMAKE_ARGS="-DTF_NPZ_DOWNLOADS=$(CURDIR)/build/fresh/downloads $(CMAKE_ARGS)" \
	  build/fresh/venv/bin/pip install -qq ".[tensorflow-cpu]"
	@cd build/fresh/elsewhere && ../venv/bin/python -I ../../../tests/matrix/check.py

# What CI has no time for on each commit.
nightly: ## Run what CI leaves out: long tests, a fresh install, wheels with the oldest and the newest TensorFlow, sanitizers
	@$(MAKE) build
	@$(pytest) -m nightly $(PYTEST_ARGS)
	@$(MAKE) test-fresh-install
	@$(MAKE) wheel TENSORFLOW="$$($(BIN)/python tools/tensorflow_versions.py --corner)"
	@$(BIN)/python -m tests.matrix --corner
	@$(MAKE) sanitize

lint: .venv/.complete ## Check formats, types, includes, locks and common mistakes
	$(say) lint "clang-format, ruff, mypy, pyright, includes ..."
	@$(BIN)/clang-format --dry-run -Werror $(CPP_FILES)
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check
	@$(BIN)/mypy
	@tools/quietly build/pyright.log $(BIN)/python -m pyright
	@$(BIN)/python tools/check_includes.py
	$(say) lint "clang-tidy, with clang's own warnings and its check of locks ..."
	@command -v clang-tidy >/dev/null || { echo "clang-tidy was not found; the package clang-tidy brings it (Debian, Ubuntu: apt-get install clang-tidy)."; exit 1; }
	@$(call configure,release)
	@tools/quietly build/clang-tidy.log tools/tidy build/release $(JOBS)

format: .venv/.complete ## Rewrite the sources as lint wants them
	@$(BIN)/clang-format -i $(CPP_FILES)
	@$(BIN)/ruff check --quiet --fix
	@$(BIN)/ruff format --quiet

sanitize: .venv/.complete ## Run the C++ tests under ASan and UBSan, then under TSan
	$(say) sanitize "ASan and UBSan: compiling, then the C++ tests ..."
	@$(call compile,asan)
	@$(call ctest,asan)
	$(say) sanitize "TSan: compiling, then the C++ tests ..."
	@$(call compile,tsan)
	@$(call ctest,tsan)

# QUICK=1: a tenth of the data, and what .venv has; else all. Only a full run is kept in docs.
bench: build bench-limits .venv-bench/$(if $(QUICK),.plot,.complete) ## Measure the reader beside the machine's limits and beside others (QUICK=1: a minute)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick,--out docs) $(BENCH_ARGS)

bench-memory: build .venv-bench/.plot ## Measure memory and threads over members of 8 GiB, 2,000 epochs and 10 minutes
	@$(BIN)/python -m benchmarks.memory --out docs $(BENCH_ARGS)

.venv-bench/.plot .venv-bench/.complete: benchmarks/requirements.txt | .venv/.complete
	$(say) bench "Installing what the benchmarks need into .venv-bench ..."
	@test -x .venv-bench/bin/python || $(BIN)/python -m venv .venv-bench
	@grep -v '^#' $< | grep $(if $(findstring .plot,$@),-E '^(numpy|matplotlib)',.) | while read -r package; do \
	  .venv-bench/bin/python -m pip install -qq "$$package" </dev/null >>build/benchmarks-install.log 2>&1 || \
	  printf '[bench] %s does not install here; why: build/benchmarks-install.log\n' "$$package"; done
	@touch $@

bench-limits: .venv/.complete
	@mkdir -p build
	@tools/quietly build/benchmarks-configure.log \
	  cmake --preset benchmarks -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python $(CMAKE_ARGS)
	@cmake --build build/benchmarks --target bench_limits --parallel $(JOBS) -- --quiet

# Configured apart from the rest: what is measured needs neither TensorFlow nor the tests.
bench-conversions: .venv/.complete ## Measure byte swaps, transpositions and the like beside plain copies
	$(say) bench "Compiling ..."
	@tools/quietly build/benchmarks-configure.log \
	  cmake --preset benchmarks -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python $(CMAKE_ARGS)
	@cmake --build build/benchmarks --target bench_conversions -- --quiet
	@build/benchmarks/benchmarks/bench_conversions

bench-instructions: .venv/.complete ## Count instructions, locks and system calls of a file and a block (needs valgrind)
	$(say) bench "Compiling ..."
	@mkdir -p build
	@tools/quietly build/benchmarks-configure.log \
	  cmake --preset benchmarks -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python $(CMAKE_ARGS)
	@cmake --build build/benchmarks --target bench_instructions --parallel $(JOBS) -- --quiet
	@$(BIN)/python -m benchmarks.instructions --out docs $(BENCH_ARGS)

docs-tables: build ## Write the tables of docs/format.md, and build/conformance.md: every file of the conformance suite
	@$(BIN)/python -m tests.conformance --write-docs

demo: build ## Train on handwritten digits from npz shards, and measure (examples/digits.py)
	@$(BIN)/python examples/digits.py

wheel: .venv/.complete ## Build dist/tf_npz-*.whl for the Python of .venv, as a release has it (TENSORFLOW="2.16;2.21": for these alone)
	$(say) wheel "Compiling for TensorFlow: $(TENSORFLOW) (the first time: fetching 250 MB for each) ..."
	@rm -f dist/tf_npz-*-$$($(BIN)/python -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-*.whl
	@TF_NPZ_TENSORFLOW="$(TENSORFLOW)" TF_NPZ_BUILD_DIR=build/wheel CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) \
	  CMAKE_ARGS="-DCMAKE_TOOLCHAIN_FILE=$(CURDIR)/cmake/Manylinux.cmake $(CMAKE_ARGS)" tools/quietly build/wheel.log \
	  $(BIN)/python -m pip wheel --no-build-isolation --no-deps --wheel-dir dist .
	@$(BIN)/python tools/check_symbols.py dist/tf_npz-*.whl
	@ls -sh1 dist/tf_npz-*.whl

wheel-aarch64: .venv/.complete ## Cross-compile dist/aarch64/tf_npz-*.whl, for 64-bit Arm and the TensorFlows that are to be had there
	$(say) wheel "Compiling for aarch64 (the first time: fetching TensorFlow, 280 MB) ..."
	@rm -rf dist/aarch64
	@_PYTHON_HOST_PLATFORM=linux-aarch64 TF_NPZ_TENSORFLOW="$$($(BIN)/python tools/tensorflow_versions.py --minors aarch64)" \
	  TF_NPZ_BUILD_DIR=build/wheel-aarch64 CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) \
	  CMAKE_ARGS="-DCMAKE_TOOLCHAIN_FILE=$(CURDIR)/cmake/ManylinuxAarch64.cmake $(CMAKE_ARGS)" tools/quietly build/wheel-aarch64.log \
	  $(BIN)/python -m pip wheel --no-build-isolation --no-deps --wheel-dir dist/aarch64 .
	@$(BIN)/python tools/check_symbols.py dist/aarch64/*.whl
	@$(BIN)/python -m wheel tags --remove --platform-tag manylinux_2_27_aarch64 dist/aarch64/*.whl >/dev/null
	@ls -sh1 dist/aarch64/*.whl

test-aarch64: .venv/.complete ## Run that wheel's main job under qemu (the Python of .venv must be that of this Debian)
	@$(BIN)/python -m tests.matrix.emulated dist/aarch64

matrix: .venv/.complete ## Run the wheels in dist/ with every TensorFlow and every Python; writes docs/compatibility.md
	@$(BIN)/python -m tests.matrix --write-docs

release: .venv/.complete ## Build the sdist and the wheels into dist/, and check them (DRAFT=1: of a version that is not released)
	@$(BIN)/python tools/release.py $(if $(filter 1,$(DRAFT)),--draft) $(RELEASE_ARGS)

clean: ## Remove what was built; .venv and the fetched sources stay
	@find build -mindepth 1 -maxdepth 1 -not -name downloads -not -name tensorflow -exec rm -rf {} + 2>/dev/null || true
	@rm -rf dist python/*.egg-info python/tf_npz/*.so .venv/.installed
