#!/usr/bin/env bash
# packaging/debian.sh [--no-build]
#
# Builds the Debian packages twolatch and libpam-twolatch into target/debian; with --no-build of what target/release and
# target/pam/release have.
# Needs: cargo install cargo-deb --version 3.8.0 --locked
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")

# Each on its own, as ever: in a build of both the module would get the server's features.
if [[ ${1:-} != --no-build ]]; then
    cargo build --release --locked -p idp-server --target-dir "$target"
    cargo build --release --locked -p pam-module --target-dir "$target/pam"
fi

# What the command line says about itself.
twolatch=$target/release/twolatch
rm -rf "$target"/release/{man,completions} "$target/pam/release/man"
mkdir -p "$target"/release/{man,completions} "$target/pam/release/man"
"$twolatch" manual "$target/release/man"
cp packaging/twolatch/*.5 "$target/release/man/"
cp packaging/libpam-twolatch/*.8 "$target/pam/release/man/"
gzip -9n "$target"/release/man/* "$target"/pam/release/man/*
for shell in bash zsh fish; do
    "$twolatch" completions "$shell" >"$target/release/completions/twolatch.$shell"
done

rm -rf "$target/debian"
mkdir "$target/debian"
package=(cargo deb --quiet --no-build --no-strip --locked --output "$target/debian/")
CARGO_TARGET_DIR=$target "${package[@]}" -p idp-server
CARGO_TARGET_DIR=$target/pam "${package[@]}" -p pam-module --multiarch same
