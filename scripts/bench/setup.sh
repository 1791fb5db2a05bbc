#!/usr/bin/env bash
# Sets up the peer of `snug bench pipeline`: transformers.js from its lock file, and its ONNX files made from a checkpoint by
# the steps of its own conversion. Everything but node_modules goes to SNUG_BENCH_CACHE (else the XDG cache folder, snug/bench).
# Usage: scripts/bench/setup.sh CHECKPOINT
set -euo pipefail

if [ $# -ne 1 ] || [ ! -f "$1/model.safetensors" ]; then
  echo "usage: scripts/bench/setup.sh CHECKPOINT (a folder with model.safetensors)" >&2
  exit 2
fi
checkpoint=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SNUG_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/snug/bench}
mkdir -p "$cache/onnx"

npm ci --prefix "$here" --no-audit --no-fund >&2

# The environment is named by its requirements, so that a change of them makes a new one.
venv=$cache/venv-$(sha256sum "$here/requirements.txt" | cut -c 1-12)
if [ ! -f "$venv/complete" ]; then
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt" >&2
  touch "$venv/complete"
fi

onnx=$cache/onnx/$(sha256sum "$checkpoint/model.safetensors" | cut -c 1-12)
if [ ! -f "$onnx/inline/made-by.json" ] || [ ! -f "$onnx/external/config.json" ]; then
  mkdir -p "$onnx"
  HF_HUB_OFFLINE=1 "$venv/bin/python" "$here/make-onnx.py" "$checkpoint" "$onnx" >&2
fi
echo "$onnx"
