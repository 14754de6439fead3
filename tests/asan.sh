#!/usr/bin/env bash
# tests/asan.sh
#
# Builds the PAM module with AddressSanitizer, for tests/leaks.rs, and prints where it is. The flag is one that the compiler
# keeps for its nightly builds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.cargo/bin:$PATH"

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/asan
host=$(rustc -vV | sed -n 's/^host: //p')
# With `--target`, programs that only run in the build are built without it.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --locked -p pam-module --target "$host" --target-dir "$target" >&2
echo "$target/$host/debug/libpam_twolatch.so"
