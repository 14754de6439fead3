#!/usr/bin/env bash
# tests/soak.sh
#
# The long forms of what tests/run.sh does briefly: ten minutes of made-up inputs for everything that parses; mixed load for 45
# minutes with a fault every two of them; two hundred rounds of every race, on both databases; and death and failure of the
# server at every system call of a verify. Takes as long as it takes: some four hours. As root, the races at the real doors
# run in a throw-away copy of the machine, where disks fill up, too; without root that is left out, and it is said.
#
#   TWOLATCH_SOAK_MINUTES  how long the mixed load lasts (45)
#   TWOLATCH_ROUNDS        how often each race is run    (200)
#   TWOLATCH_FUZZ_SECONDS  how long each target is fuzzed (600)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.cargo/bin:$PATH"
export TWOLATCH_ROUNDS=${TWOLATCH_ROUNDS:-200} TWOLATCH_SOAK_MINUTES=${TWOLATCH_SOAK_MINUTES:-45}
readonly seconds=${TWOLATCH_FUZZ_SECONDS:-600}
readonly tests=(race:: race_doors:: login_host:: kill:: faults::)

cargo test --workspace --locked --no-run
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --locked -p pam-module --target-dir "$target/pam"
export TWOLATCH_PAM_MODULE="$target/pam/release/libpam_twolatch.so"
# Memory is that of the program as it is shipped.
CARGO_PROFILE_RELEASE_LTO=off cargo build --release --locked -p idp-server
export TWOLATCH_PROGRAM="$target/release/twolatch"
tests/fuzz.sh --build
export CARGO_NET_OFFLINE=true # what follows needs nothing more

machine=()
[[ $EUID -ne 0 ]] || machine=(tests/machine.sh)
TWOLATCH_SKIPPED=$(mktemp)
export TWOLATCH_SKIPPED

echo "soak.sh: $TWOLATCH_SOAK_MINUTES minutes of load and faults"
"${machine[@]}" tests/postgres.sh cargo test --locked --workspace --test e2e -- soak:: --nocapture

echo "soak.sh: $seconds s of fuzzing for each target"
tests/fuzz.sh "$seconds"

echo "soak.sh: $TWOLATCH_ROUNDS rounds of each race"
"${machine[@]}" tests/postgres.sh cargo test --locked --workspace --test e2e -- "${tests[@]}" --nocapture

# Root has everything, so nothing may have been left out.
skipped=$(sort -u "$TWOLATCH_SKIPPED")
rm -f "$TWOLATCH_SKIPPED"
if [[ -n $skipped ]]; then
    printf 'skipped: %s\n' "$skipped"
    [[ $EUID -ne 0 ]]
fi
