#!/usr/bin/env bash
# tests/bench/oidc.sh
#
# What the OpenID Connect provider answers in a second beside npm's oidc-provider 9, in memory, in the same run: the server on
# one core, wrk on the other, both warmed up, the same algorithm and client authentication, medians of three. Ours is durable:
# on SQLite (synchronous FULL) and on PostgreSQL. Run it on an idle machine with at least two cores, and with wrk, node and npm.
#
#   TWOLATCH_BIN       the server, a release build          (target/release/twolatch)
#   TWOLATCH_OIDC      what fills its database              (target/release/examples/oidc)
#   BENCH_SECONDS      how long each run is                 (5)
#   BENCH_CONNECTIONS  requests under way at a time         (64)
#   BENCH_PACE         requests a second at a fixed rate    (500)
#
# Arguments: the rows to measure, `what` or `what:client`; all if there are none.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
if [[ -z ${TWOLATCH_TEST_POSTGRES:-} ]]; then
    exec "$here/../postgres.sh" "$here/oidc.sh" "$@"
fi
readonly target=${CARGO_TARGET_DIR:-$here/../../target} seconds=${BENCH_SECONDS:-5} pace=${BENCH_PACE:-500} connections=${BENCH_CONNECTIONS:-64}
server=$(realpath "${TWOLATCH_BIN:-$target/release/twolatch}")
filler=$(realpath "${TWOLATCH_OIDC:-$target/release/examples/oidc}")
readonly server filler challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
work=$(mktemp -d /tmp/twolatch-bench.XXXXXX)
pids=()

stop() {
    [[ ${#pids[@]} -eq 0 ]] || kill "${pids[@]}" 2>/dev/null || true
    wait
    rm -rf "$work"
}
trap stop EXIT

free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:0")->sockport'; }

# Waits until an address answers, and prints after how many ms that was.
answers() {
    local begun=$1 url=$2
    until curl -sf -o "$work/answer" "$url"; do sleep 0.01; done
    echo "$((($(date +%s%N) - begun) / 1000000))"
}

declare -A base discovery jwks authorize token userinfo introspect cookie pid ready idle

ours() {
    local name=$1 folder=$work/$1 port
    port=$(free_port)
    shift
    mkdir -m 700 "$folder"
    "$server" init --config "$folder/twolatch.toml" --data-dir "$folder/data" --listen "127.0.0.1:$port" \
        --socket "$folder/verify.sock" --issuer "http://127.0.0.1:$port" "$@" >/dev/null
    cookie[$name]=$("$filler" "$folder/twolatch.toml")
    local begun
    begun=$(date +%s%N)
    taskset -c 0 "$server" serve --config "$folder/twolatch.toml" >"$folder/log" 2>&1 &
    pids+=($!)
    pid[$name]=$! base[$name]=http://127.0.0.1:$port discovery[$name]=/.well-known/openid-configuration jwks[$name]=/jwks
    authorize[$name]=/authorize token[$name]=/token userinfo[$name]=/userinfo introspect[$name]=/introspect
    ready[$name]=$(answers "$begun" "${base[$name]}/readyz")
}

peer() {
    local port jar=$work/jar begun
    port=$(free_port)
    begun=$(date +%s%N)
    taskset -c 0 node "$here/oidc/peer.mjs" "$port" >"$work/peer.log" 2>&1 &
    pids+=($!)
    pid[peer]=$! base[peer]=http://127.0.0.1:$port discovery[peer]=/.well-known/openid-configuration jwks[peer]=/jwks
    authorize[peer]=/auth token[peer]=/token userinfo[peer]=/me introspect[peer]=/token/introspection
    ready[peer]=$(answers "$begun" "${base[peer]}${discovery[peer]}")
    # Signed in once; where that leads in the end is nowhere.
    curl -s -L -c "$jar" -b "$jar" -o "$work/answer" "${base[peer]}$(asking peer bench-es256)" || true
    cookie[peer]=$(awk '/_session/ { printf "%s%s=%s", sep, $6, $7; sep = "; " }' "$jar")
}

# The path of an authorization request.
asking() {
    local scope=openid%20profile%20email%20offline_access redirect=http%3A%2F%2F127.0.0.1%3A1%2Fcallback
    local proof="code_challenge=$challenge&code_challenge_method=S256"
    echo "${authorize[$1]}?client_id=$2&redirect_uri=$redirect&response_type=code&scope=$scope&state=s&nonce=n&$proof"
}

basic() { printf 'Basic %s' "$(printf '%s:a+secret+that+is+long+enough+for+everybody' "$1" | base64 -w0)"; }

# load SERVER CLIENT KIND SECONDS [VARIABLE=…]: one run; its line of JSON.
load() {
    local name=$1 client=$2 kind=$3 time=$4
    shift 4
    env KIND="$kind" AUTHORIZATION="$(basic "$client")" COOKIE="${cookie[$name]}" TOKEN="${token[$name]}" \
        AUTHORIZE="$(asking "$name" "$client")" "$@" \
        taskset -c 1 wrk -t1 -c"$connections" -d"${time}s" --latency -s "$here/oidc/requests.lua" "${base[$name]}" | grep '^{' || echo '{}'
}

field() { sed -E "s/.*\"$2\":([0-9.]+).*/\1/" <<<"$1"; }

# What is measured at a server: `rate p99 errors` of one run.
measure() {
    local name=$1 what=$2 client=${3:-bench-es256} line access
    case $what in
    discovery) line=$(load "$name" "$client" get "$seconds" TARGET="${discovery[$name]}") ;;
    jwks) line=$(load "$name" "$client" get "$seconds" TARGET="${jwks[$name]}") ;;
    machine) line=$(load "$name" "$client" post "$seconds" TARGET="${token[$name]}" BODY="grant_type=client_credentials&scope=jobs:read") ;;
    machine-jwt)
        line=$(load "$name" "$client" post "$seconds" TARGET="${token[$name]}" \
            BODY="grant_type=client_credentials&scope=jobs:read&resource=https://api.example.org")
        ;;
    code | refresh)
        : >"$work/codes"
        load "$name" "$client" authorize $((3 * seconds)) OUT="$work/codes" >/dev/null
        if [[ $what == refresh ]]; then
            head -n $((4 * connections)) "$work/codes" >"$work/few"
            : >"$work/refresh"
            load "$name" "$client" code 1 IN="$work/few" OUT="$work/refresh" >/dev/null
            line=$(load "$name" "$client" refresh "$seconds" IN="$work/refresh")
        else
            line=$(load "$name" "$client" code "$seconds" IN="$work/codes")
        fi
        ;;
    flow) line=$(load "$name" "$client" flow "$seconds") ;;
    userinfo | introspect)
        access=$(one_token "$name" "$client")
        if [[ $what == userinfo ]]; then
            line=$(load "$name" "$client" get "$seconds" TARGET="${userinfo[$name]}" AUTHORIZATION="Bearer $access")
        else
            line=$(load "$name" "$client" post "$seconds" TARGET="${introspect[$name]}" BODY="token=$access")
        fi
        ;;
    esac
    echo "$(field "$line" rate) $(field "$line" p99_us) $(field "$line" errors)"
}

# An access token of alice.
one_token() {
    local name=$1 client=$2 code
    code=$(curl -s -o "$work/answer" -D - -b "${cookie[$name]}" "${base[$name]}$(asking "$name" "$client")" |
        sed -nE 's/^[Ll]ocation:.*[?&]code=([^&[:space:]]+).*/\1/p')
    curl -s -H "Authorization: $(basic "$client")" "${base[$name]}${token[$name]}" \
        -d "grant_type=authorization_code&code=$code&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" \
        --data-urlencode redirect_uri=http://127.0.0.1:1/callback | sed -E 's/.*"access_token":"([^"]+)".*/\1/'
}

# `p50 p99` in ms of a machine's tokens at a fixed rate, counted from when each request was due: whoever answers late makes
# nobody ask later.
paced() {
    local answer
    answer=$(taskset -c 1 "$here/oidc/node_modules/.bin/autocannon" -c "$connections" -R "$pace" -d $((3 * seconds)) --json -m POST \
        -H "Authorization=$(basic machine)" -H Content-Type=application/x-www-form-urlencoded \
        -b "grant_type=client_credentials&scope=jobs:read" "${base[$1]}${token[$1]}" 2>/dev/null)
    sed -nE 's/.*"2xx":0.*/0 0/p; t; s/.*"latency":\{[^}]*"p50":([0-9.]+)[^}]*"p99":([0-9.]+).*/\1 \2/p' <<<"$answer"
}

memory() { awk '/VmRSS/ { print int($2 / 1024) }' "/proc/${pid[$1]}/status"; }

rows=("$@")
[[ $# -gt 0 ]] || rows=(discovery jwks machine:machine machine-jwt:machine-jwt code:bench-rs256 code:bench-es256
    refresh:bench-rs256 refresh:bench-es256 userinfo introspect flow:bench-es256)

[[ -d $here/oidc/node_modules ]] || npm ci --prefix "$here/oidc" --ignore-scripts --no-audit --no-fund --loglevel=error
command -v wrk >/dev/null || { echo "oidc.sh: wrk is missing: apt-get install wrk" >&2 && exit 1; }
peer
ours sqlite
psql -qX -d "$TWOLATCH_TEST_POSTGRES" -c 'CREATE DATABASE bench_oidc'
ours postgres --database-url "${TWOLATCH_TEST_POSTGRES/\/postgres\?//bench_oidc?}"
servers=(peer sqlite postgres)
for name in "${servers[@]}"; do idle[$name]=$(memory "$name"); done

printf '%-24s' what
for name in "${servers[@]}"; do printf ' %10s/s %9s' "$name" p99/ms; done
printf ' %9s %9s\n' x-sqlite x-postgres
for row in "${rows[@]}"; do
    what=${row%%:*} client=bench-es256
    [[ $row != *:* ]] || client=${row#*:}
    declare -A middle=()
    for name in "${servers[@]}"; do
        measure "$name" "$what" "$client" >/dev/null # warm
        for _ in 1 2 3; do measure "$name" "$what" "$client"; done | sort -n >"$work/runs"
        middle[$name]=$(sed -n 2p "$work/runs")
        awk -v what="$row $name" '$3 > 0 { print what ": " $3 " errors" > "/dev/stderr" }' "$work/runs"
    done
    printf '%-24s' "$row"
    for name in "${servers[@]}"; do
        read -r rate late _ <<<"${middle[$name]}"
        printf ' %12.0f %9.1f' "$rate" "$(awk "BEGIN { print $late / 1000 }")"
    done
    for name in sqlite postgres; do
        awk -v a="${middle[$name]%% *}" -v b="${middle[peer]%% *}" 'BEGIN { printf " %9.1f", (b > 0 ? a / b : 0) }'
    done
    printf '\n'
done
for name in "${servers[@]}"; do
    paced "$name" >/dev/null # warm
    read -r half late <<<"$(paced "$name")"
    printf '%s: at %d machine tokens a second, half of them within %s ms and all but 1 %% within %s ms\n' "$name" "$pace" "$half" "$late"
done
for name in "${servers[@]}"; do
    printf '%s: ready after %d ms, %d MiB idle, %d MiB after all that\n' "$name" "${ready[$name]}" "${idle[$name]}" "$(memory "$name")"
done
printf 'binary: %d bytes\n' "$(stat -c %s "$server")"
