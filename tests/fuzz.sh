#!/usr/bin/env bash
# tests/fuzz.sh [SECONDS [TARGET…]]
#
# Gives what parses other people's text so many seconds (30) of inputs that libFuzzer makes up, each target (default: all),
# two at a time. `--build` only builds. An input that breaks something is kept beside the corpus in the build folder, and its
# path is shown; `tests/fuzz.sh 0 TARGET FILE` is how one is tried again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.cargo/bin:$PATH"
readonly targets=(google oath uris migration table people socket answer options typed config params jwt redirect register)
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/fuzz
readonly target golden=idp-server/src/import/golden

# Only our own crates are watched by the fuzzer (see tests/fuzz/Cargo.toml): that is a flag for single packages, which cargo
# keeps for its nightly builds.
build() {
    RUSTC_BOOTSTRAP=1 cargo build --manifest-path tests/fuzz/Cargo.toml --target-dir "$target" --bins --locked
}

# What its inputs may look like.
seeds() {
    case $1 in
    google | oath | uris | table) echo "$golden" ;;
    *) echo "tests/fuzz/seeds/$1" ;;
    esac
}

# One target, as long as there is time or until something breaks.
run() {
    local seconds=$1 name=$2 corpus=$target/corpus/$2 log=$target/$2.log
    mkdir -p "$corpus" "$target/found"
    if "$target/debug/$name" "$corpus" "$(seeds "$name")" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -artifact_prefix="$target/found/$name-" -print_final_stats=1 >"$log" 2>&1; then
        printf 'fuzz.sh: %s: %d inputs\n' "$name" "$(awk '/number_of_executed_units/ { print $2 }' "$log")"
    else
        tail -n 40 "$log" >&2
        echo "fuzz.sh: $name: a finding; the whole log is in $log" >&2
        return 1
    fi
}

if [[ ${1:-} == --run ]]; then
    run "$2" "$3"
    exit
fi
build
[[ ${1:-} != --build ]] || exit 0
seconds=${1:-30}
shift $(($# > 0))
if [[ $seconds == 0 ]]; then
    exec "$target/debug/$1" "${@:2}"
fi
# What they keep in files goes with them.
TMPDIR=$(mktemp -d /tmp/twolatch-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
[[ $# -gt 0 ]] || set -- "${targets[@]}"
printf '%s\n' "$@" | xargs -P 2 -n 1 tests/fuzz.sh --run "$seconds"
