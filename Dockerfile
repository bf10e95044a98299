# The wheel, built and tested away from your machine:
#   docker build --output dist .          writes dist/tf_npz-*.whl
#   docker build --target test .          runs the tests, C++ and Python
ARG base=debian:bookworm-slim

FROM ${base} AS machine
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates g++ make python3 python3-dev python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .

FROM machine AS build
RUN python3 -m venv /venv && /venv/bin/pip wheel --quiet --no-deps --wheel-dir /dist .

FROM machine AS test
RUN make test

FROM scratch AS export
COPY --from=build /dist/ /
