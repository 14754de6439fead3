#!/usr/bin/env bash
# tests/soak.sh
#
# The long forms of what tests/run.sh does briefly: two hundred rounds of every race, on both databases; and death and
# failure of the server at every system call of a verify. Takes as long as it takes. As root, the races at the real
# doors run in a throw-away copy of the machine; without root they are left out, and that is said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.cargo/bin:$PATH"
export TWOLATCH_ROUNDS=${TWOLATCH_ROUNDS:-200}
readonly tests=(race:: race_doors:: login_host:: kill:: faults::)

cargo test --workspace --locked --no-run
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --locked -p pam-module --target-dir "$target/pam"
export TWOLATCH_PAM_MODULE="$target/pam/release/libpam_twolatch.so"
export CARGO_NET_OFFLINE=true # what follows needs nothing more

machine=()
[[ $EUID -ne 0 ]] || machine=(tests/machine.sh)
TWOLATCH_SKIPPED=$(mktemp)
export TWOLATCH_SKIPPED

echo "soak.sh: $TWOLATCH_ROUNDS rounds of each race"
"${machine[@]}" tests/postgres.sh cargo test --locked --workspace --test e2e -- "${tests[@]}" --nocapture

# Root has everything, so nothing may have been left out.
skipped=$(sort -u "$TWOLATCH_SKIPPED")
rm -f "$TWOLATCH_SKIPPED"
if [[ -n $skipped ]]; then
    printf 'skipped: %s\n' "$skipped"
    [[ $EUID -ne 0 ]]
fi
