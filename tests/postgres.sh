#!/usr/bin/env bash
# tests/postgres.sh COMMAND…
#
# Runs COMMAND with a PostgreSQL of its own: a cluster in a temporary folder, reached by a Unix socket in that folder
# and on a free port of the loopback interface, without a password. COMMAND finds its address in
# TWOLATCH_TEST_POSTGRES and makes its own databases there. The server ends with COMMAND.
set -euo pipefail

if [[ $# -eq 0 ]]; then
    echo "usage: tests/postgres.sh COMMAND…" >&2
    exit 64
fi

programs=
for folder in /usr/lib/postgresql/*/bin; do
    [[ -x $folder/initdb ]] && programs=$folder # the newest sorts last
done
if [[ -z $programs ]]; then
    echo "postgres.sh: no PostgreSQL server is installed: the tests on PostgreSQL are skipped" >&2
    exec "$@"
fi

# initdb refuses to run as root.
as_owner=()
cluster=$(mktemp -d /tmp/twolatch-postgres.XXXXXX)
if [[ $EUID -eq 0 ]]; then
    chown postgres: "$cluster"
    as_owner=(setpriv --reuid=postgres --regid=postgres --init-groups --)
fi

stop() {
    "${as_owner[@]}" "$programs/pg_ctl" -D "$cluster/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$cluster"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

port=$(perl -MSocket -e '
    socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($socket, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
    print +(sockaddr_in(getsockname($socket)))[0];
')

cd /
"${as_owner[@]}" "$programs/initdb" -D "$cluster/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
    >"$cluster/initdb.log" 2>&1 || { cat "$cluster/initdb.log" >&2; exit 1; }
# fsync stays on: what a test sees after kill -9 must be what a person would see.
"${as_owner[@]}" "$programs/pg_ctl" -D "$cluster/data" -w -s -l "$cluster/log" \
    -o "-c port=$port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster -c max_connections=200" start \
    || { cat "$cluster/log" >&2; exit 1; }

export TWOLATCH_TEST_POSTGRES="postgres://postgres@localhost:$port/postgres?host=$cluster"
cd "$OLDPWD"
"$@"
