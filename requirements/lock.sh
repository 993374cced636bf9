#!/usr/bin/env bash
# Writes the locks from the three pyproject files: exact versions, hashes, and no
# address of an index, so that they install from wherever pip or uv is told to look.
# usage: requirements/lock.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}

compile() { # compile OUTPUT ARGUMENTS...
    local output=$1
    shift
    env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_FIND_LINKS \
        "$uv" pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --no-emit-index-url \
        --no-emit-package keyhouse-client --output-file "requirements/$output" "$@"
}

own=(pyproject.toml client/pyproject.toml examples/webdata/pyproject.toml
    --extra server --extra pages --extra keychain --group build)
compile bench.txt "${own[@]}" --group test --group bench "$@"
compile test.txt "${own[@]}" --group test --constraint requirements/bench.txt
compile run.txt "${own[@]}" --constraint requirements/bench.txt
compile soak.txt --group soak
grep '^uv==' requirements/test.txt | sed 's/ .*//' | compile uv.txt -
