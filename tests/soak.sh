#!/usr/bin/env bash
# tests/soak.sh
#
# The long forms of what tests/run.sh does briefly: two hundred rounds of every race, on both databases. Takes as long as
# it takes; nothing is installed or built but the tests themselves.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export TWOLATCH_ROUNDS=${TWOLATCH_ROUNDS:-200}
echo "soak.sh: $TWOLATCH_ROUNDS rounds of each race"
# The races at real doors need a throw-away machine, and the module in TWOLATCH_PAM_MODULE; without, they say so.
machine=()
[[ $EUID -ne 0 ]] || machine=(tests/machine.sh)
exec "${machine[@]}" tests/postgres.sh cargo test --locked --workspace --test e2e -- \
    race:: race_doors:: login_host:: kill:: --nocapture
