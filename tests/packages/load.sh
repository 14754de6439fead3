#!/usr/bin/env bash
# tests/packages/load.sh LEAST
#
# Log-ins through PAM until there is a file /tmp/enough, at least so many, one every 50 ms, each of somebody else; every
# fifth types a wrong code. Says how many came how fast, or which were judged wrongly.
set -euo pipefail
source /check/people.sh

folder=$(mktemp -d)
# Whoever has logged in once is not asked again: a code works once.
touch /tmp/been
mapfile -t people < <(grep -vwFf /tmp/been /tmp/secrets)

log_in() {
    local name=$1 typed=$2
    printf '%s\n%s\n' "$PASSWORD" "$typed" |
        timeout 30 pamtester load "$name" authenticate >"$folder/$name" 2>&1 || true
}

# Microseconds.
now() {
    echo "${EPOCHREALTIME/[.,]/}"
}

number=0
start=$(now)
for person in "${people[@]}"; do
    [[ $number -lt $1 || ! -e /tmp/enough ]] || break
    read -r name secret <<<"$person"
    number=$((number + 1))
    # By the clock, not one after the other.
    while (($(now) < start + number * 50000)); do
        sleep 0.01
    done
    if ((number % 5 == 0)); then
        log_in "$name" "$(wrong_code "$secret")" &
        echo "$name wrong" >>"$folder/typed"
    else
        log_in "$name" "$(code "$secret")" &
        echo "$name right" >>"$folder/typed"
    fi
    echo "$name" >>/tmp/been
done
took=$(($(now) - start))
wait
[[ -e /tmp/enough ]] || { echo "load.sh: $number people were too few"; exit 1; }

faults=0
while read -r name typed; do
    said=wrong
    ! grep -q 'successfully authenticated' "$folder/$name" || said=right
    if [[ $said != "$typed" ]]; then
        echo "load.sh: $name typed a $typed code:"
        cat "$folder/$name"
        faults=$((faults + 1))
    fi
done <"$folder/typed"
rm -rf "$folder"
((faults == 0)) || exit 1
echo "$number log-ins, $((number * 1000000 / took)) a second, each with the right verdict"
