#!/usr/bin/env bash
# tests/bench.sh [ENGINE:USERS…]
#
# What a login costs through our module and through others, less what PAM itself costs (pam_permit). Rows of ours
# name an engine and how many people the database holds; default: sqlite:1000 sqlite:100000 sqlite:1000000
# postgres:100000. Every protection against replay is on. Run it as root on an idle machine: every figure is a wait
# for a disk or for another process, and a compiler beside it multiplies them.
#
# Then what an administrator waits for among many people: the list of users with every filter and order, a request for
# registration of 100,000 of them at once, and what logins wait for meanwhile.
#
# Then how long refusals take, by their reason: a row whose ratio is far from 1 tells an outsider something.
#
# In the end the OpenID Connect provider beside npm's oidc-provider; tests/bench/oidc.sh runs that alone, and needs wrk.
#
# The others are told a time that moves on by 60 seconds with each login, so one user logs in with fresh codes. Our
# server judges time itself, so each of its logins is another person's, with the code of the present step.
#
#   TWOLATCH_BIN          the server, a release build    (target/release/twolatch)
#   TWOLATCH_SEED         what fills its database        (target/release/examples/seed)
#   TWOLATCH_BURST        what offers logins at a rate   (target/release/examples/burst)
#   TWOLATCH_CLASSES      what refusals take, by reason  (target/release/examples/classes)
#   TWOLATCH_MANY         what does the many people      (target/release/examples/many)
#   TWOLATCH_WEB          what signs in to a web app     (target/release/examples/web)
#   TWOLATCH_AUDIT        what reads the audit           (target/release/examples/audit)
#   TWOLATCH_OIDC         what fills it for web apps     (target/release/examples/oidc)
#   TWOLATCH_PAM_MODULE   the module, a release build    (target/pam/release/libpam_twolatch.so)
#
# Built by: cargo build --release -p idp-server --bins --examples
#           cargo build --release -p pam-module --target-dir target/pam
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
if [[ ! -e /run/throw-away-machine ]]; then
    # There is no network where the rest runs.
    [[ -d $here/bench/oidc/node_modules ]] || npm ci --prefix "$here/bench/oidc" --ignore-scripts --no-audit --no-fund --loglevel=error
    exec "$here/machine.sh" "$here/postgres.sh" "$here/bench.sh" "$@"
fi

readonly target=${CARGO_TARGET_DIR:-$here/../target}
server=$(realpath "${TWOLATCH_BIN:-$target/release/twolatch}")
seeder=$(realpath "${TWOLATCH_SEED:-$target/release/examples/seed}")
module=$(realpath "${TWOLATCH_PAM_MODULE:-$target/pam/release/libpam_twolatch.so}")
burst=$(realpath "${TWOLATCH_BURST:-$target/release/examples/burst}")
many=$(realpath "${TWOLATCH_MANY:-$target/release/examples/many}")
web=$(realpath "${TWOLATCH_WEB:-$target/release/examples/web}")
audit=$(realpath "${TWOLATCH_AUDIT:-$target/release/examples/audit}")
classes=$(realpath "${TWOLATCH_CLASSES:-$target/release/examples/classes}")
readonly refusals=1000 web_refusals=200 records=1000000
readonly blocks=5 logins=200 rate=1000 seconds=5 web_seconds=60
readonly many_people=100000 calm=50 calm_seconds=20
work=$(mktemp -d /tmp/twolatch-bench.XXXXXX)
servers=()
ready=()

stop() {
    [[ ${#servers[@]} -eq 0 ]] || kill "${servers[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

new_secret() { head -c 20 /dev/urandom | base32; }

# `USER CODE TIME` for one user: block $3 of $logins logins, 60 seconds apart.
lines_of_one() {
    local user=$1 secret=$2 start=$(($4 + $3 * logins * 60)) code at=0
    oathtool --totp --base32 --window $((2 * logins)) --now "@$start" - <<<"$secret" | while IFS= read -r code; do
        ((at % 2)) || ((at / 2 >= logins)) || echo "$user $code $((start + at * 30))"
        at=$((at + 1))
    done
}

# The same for one login each of the people $2 and following, in the file of `USER SECRET` lines $1, at the true time.
lines_of_many() {
    local user secret
    sed -n "$2,$(($2 + logins - 1))p" "$1" | while read -r user secret; do
        echo "$user $(oathtool --totp --base32 - <<<"$secret") 0"
    done
}

setup_others() {
    local secret=$1 hex user
    printf 'auth required pam_permit.so\n' >"$work/pam/permit"

    mkdir -m 700 "$work/google"
    printf '%s\n" WINDOW_SIZE 3\n" DISALLOW_REUSE\n" TOTP_AUTH\n' "$secret" >"$work/google/root"
    chmod 400 "$work/google/root"
    # shellcheck disable=SC2016 # the module replaces ${USER} itself
    printf 'auth required pam_google_authenticator.so secret=%s/google/${USER} user=root\n' "$work" >"$work/pam/google"

    hex=$(base32 -d <<<"$secret" | od -An -tx1 | tr -d ' \n')
    for user in 1 10000; do
        printf 'auth required pam_oath.so usersfile=%s/oath-%s window=3 digits=6\n' "$work" "$user" >"$work/pam/oath-$user"
        {
            for ((i = 1; i < user; i++)); do
                printf 'HOTP/T30/6 other%d - %s\n' "$i" "$hex"
            done
            printf 'HOTP/T30/6 root - %s\n' "$hex"
        } >"$work/oath-$user"
        chmod 600 "$work/oath-$user"
    done
}

# Fills a new database with $3 people of whom the first $blocks * $logins log in, and starts its server.
setup_ours() {
    local engine=$1 users=$2 name=$1-$2 folder="$work/$1-$2" url=() port
    mkdir -m 700 "$folder"
    port=$((20000 + RANDOM % 10000))
    if [[ $engine == postgres ]]; then
        psql -qX -d "$TWOLATCH_TEST_POSTGRES" -c "CREATE DATABASE bench_$users"
        url=(--database-url "${TWOLATCH_TEST_POSTGRES/\/postgres\?//bench_$users?}")
    fi
    "$server" init --config "$folder/twolatch.toml" --data-dir "$folder/data" --listen "127.0.0.1:$port" \
        --socket "/run/twolatch/$name.sock" --issuer "http://127.0.0.1:$port" "${url[@]}" >/dev/null
    seed "$folder" "$users"
    local begun
    begun=$(date +%s%N)
    "$server" serve --config "$folder/twolatch.toml" >"$folder/log" 2>&1 &
    servers+=($!)
    until perl -MIO::Socket::INET -e '
        my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or exit 1;
        print $socket "GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
        exit(<$socket> !~ / 200 /)' "$port"; do
        kill -0 "${servers[-1]}" || { cat "$folder/log" >&2; exit 1; }
    done
    ready+=("$name: ready after $((($(date +%s%N) - begun) / 1000000)) ms, $(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/${servers[-1]}/status") MiB idle")
    printf 'auth required %s first=stack socket=/run/twolatch/%s.sock\n' "$module" "$name" >"$work/pam/$name"
}

# Puts $2 people into the database of folder $1 and writes `USER SECRET` of those who log in to $1/people.
seed() {
    local folder=$1 users=$2
    "$seeder" "$folder/twolatch.toml" "$users" $((blocks * logins + rate * seconds + 2 * calm * calm_seconds)) >"$folder/people"
}

mkdir -m 755 "$work/pam"
gcc -std=c11 -O2 -Wall -Wextra -rdynamic -o "$work/logins" "$here/bench/logins.c" -lpam

[[ $# -gt 0 ]] || set -- sqlite:1000 sqlite:100000 sqlite:1000000 postgres:100000
others=(permit google oath-1 oath-10000)
ours=()
secret=$(new_secret)
start=$(($(date +%s) / 30 * 30))
setup_others "$secret"
for row; do
    setup_ours "${row%%:*}" "${row#*:}"
    ours+=("${row/:/-}")
done

# In turns, so that whatever else the machine does meets all alike.
for ((block = 0; block < blocks; block++)); do
    for service in "${others[@]}"; do
        lines_of_one root "$secret" "$block" "$start" >"$work/lines"
        "$work/logins" "$work/pam" "$service" <"$work/lines" >>"$work/$service.times"
    done
    for service in "${ours[@]}"; do
        lines_of_many "$work/$service/people" $((block * logins + 1)) >"$work/lines"
        "$work/logins" "$work/pam" "$service" <"$work/lines" >>"$work/$service.times"
    done
done

# Medians over the blocks: of the block's median, and of its 95th percentile.
median() { sort -n | sed -n "$(((blocks + 1) / 2))p"; }
base=$(cut -d' ' -f1 "$work/permit.times" | median)
google=$(($(cut -d' ' -f1 "$work/google.times" | median) - base))
printf '%-18s %10s %10s %14s %10s\n' service median/us p95/us less-permit/us x-google
for service in "${others[@]}" "${ours[@]}"; do
    middle=$(cut -d' ' -f1 "$work/$service.times" | median)
    late=$(cut -d' ' -f2 "$work/$service.times" | median)
    own=$((middle - base))
    printf '%-18s %10d %10d %14d %10s\n' "$service" "$middle" "$late" "$own" \
        "$(awk "BEGIN { if ($google > 0) printf \"%.2f\", $own / $google; else print \"-\" }")"
done

# People who have not logged in yet, at a fixed rate.
printf '\n'
for service in "${ours[@]}"; do
    sed -n "$((blocks * logins + 1)),$((blocks * logins + rate * seconds))p" "$work/$service/people" >"$work/burst"
    [[ $(wc -l <"$work/burst") -ge $((rate * seconds)) ]] || continue
    printf '%s: %d/s for %d s: %s\n' "$service" "$rate" "$seconds" \
        "$("$burst" "/run/twolatch/$service.sock" "$work/burst" "$rate" "$seconds")"
done

# Among many people. Those who log in meanwhile are not among those of whom registration is requested.
for service in "${ours[@]}"; do
    tail -n "+$((blocks * logins + rate * seconds + 1))" "$work/$service/people" >"$work/calm"
    [[ $(wc -l <"$work/calm") -ge $((2 * calm * calm_seconds)) && $service != *-1000000 ]] || continue
    printf '\n%s and %d people more\n' "$service" "$many_people"
    config=$work/$service/twolatch.toml socket=/run/twolatch/$service.sock
    "$many" fill "$config" "$many_people"
    "$many" pages "$config"
    (ulimit -v $((512 * 1024)) && "$server" user list --config "$config" --json) | wc -c |
        xargs printf 'user list --json: %d bytes, within 512 MiB of addresses\n'
    head -n $((calm * calm_seconds)) "$work/calm" >"$work/half"
    printf 'idle: %s\n' "$("$burst" "$socket" "$work/half" "$calm" "$calm_seconds")"
    tail -n $((calm * calm_seconds)) "$work/calm" >"$work/half"
    "$many" bulk "$config" &
    printf 'meanwhile: %s\n' "$("$burst" "$socket" "$work/half" "$calm" "$calm_seconds")"
    wait $!
done

# Whole sign-ins to a web app, at one server.
printf '\nweb, %s\n' "${ours[0]}"
"$web" "$work/${ours[0]}/twolatch.toml" "$web_seconds"

# Last, because it adds people of its own.
for service in "${ours[@]}"; do
    printf '\ntime classes of %s, %d samples each, %d on the web\n' "$service" "$refusals" "$web_refusals"
    "$classes" "$work/$service/twolatch.toml" "$refusals" "$web_refusals"
done

# Behind all that, what administrators see of a long audit.
for service in "${ours[@]}"; do
    printf '\naudit of %s, %d records\n' "$service" "$records"
    "$audit" "$work/$service/twolatch.toml" "$records"
done
printf '\n'
printf '%s\n' "${ready[@]}"
printf 'module: %d bytes\n' "$(stat -c %s "$module")"

printf '\nOpenID Connect\n'
"$here/bench/oidc.sh"
