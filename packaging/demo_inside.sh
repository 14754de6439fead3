#!/usr/bin/env bash
# packaging/demo_inside.sh FOLDER SSH CHECK
#
# The running part of packaging/demo.sh, which starts it: as root in the throw-away machine of tests/machine.sh. It ends
# when its standard input does. SSH and CHECK are `yes` or empty.
set -Eeuo pipefail

readonly folder=$1 ssh=$2 check=$3
packaging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly packaging
readonly twolatch=$CARGO_TARGET_DIR/debug/twolatch
readonly web_app=$CARGO_TARGET_DIR/debug/examples/relying_party
readonly module=$CARGO_TARGET_DIR/pam/release/libpam_twolatch.so
readonly config=$folder/system/twolatch.toml
# Loopback needs no proxy, whatever the environment says.
export NO_PROXY=localhost,127.0.0.1 no_proxy=localhost,127.0.0.1

servers=() walk=()
declare -A name_of

# start NAME COMMAND…: runs a server until the end, and writes down what it says.
start() {
    "${@:2}" >"$folder/$1.log" 2>&1 3<&- &
    servers+=($!)
    name_of[$!]=$1
}

stop() {
    local pid
    trap - EXIT
    # The walk first: it must not see the servers go.
    kill -TERM "${walk[@]}" "$caller" "${servers[@]}" 2>/dev/null || true
    for pid in "${servers[@]}"; do
        # A browser may hold a connection open; nobody waits for it.
        for _ in {1..30}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait
}

# What the caller holds open: nothing ever comes, and when it ends so do we.
exec 3<&0 </dev/null
cat <&3 >/dev/null &
caller=$!
trap stop EXIT
trap 'echo "demo.sh: failed: $BASH_COMMAND" >&2' ERR

# Runs a command of ours that must succeed, and says what it said only if it does not.
quietly() {
    "$@" >"$folder/last" 2>&1 || { cat "$folder/last" >&2; return 1; }
}

# Waits until somebody listens on a port.
await() {
    local _
    for _ in {1..300}; do
        # Tried in a process of its own, which closes it again.
        (exec {try}<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && return
        sleep 0.1
    done
    echo "demo.sh: the $1 does not listen; its last words:" >&2
    tail -n 20 "$folder/$1.log" >&2
    return 1
}

new_password() { python3 -c 'import secrets; print("-".join(secrets.token_hex(2) for _ in range(4)))'; }

free_ports() {
    python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(one.getsockname()[1] for one in sockets))'
}

make_system() {
    local socket=/run/twolatch/verify.sock # where the module looks; in the throw-away machine it is ours
    [[ -n $ssh ]] || socket=$folder/system/verify.sock
    mkdir -m 700 "$folder/system"
    "$twolatch" init --data-dir "$folder/system" --listen "127.0.0.1:$server_port" --socket "$socket" --json \
        >"$folder/system/init.json"
    setup_link=$(value setup_link "$folder/system/init.json")
    quietly "$twolatch" user add "$user" --config "$config"
    quietly "$twolatch" user set "$user" --password-stdin --keep --config "$config" <<<"$web_password"
    "$twolatch" client add --name "the sample web app" --id sample --json --config "$config" \
        --redirect-uri "http://127.0.0.1:$app_port/callback" >"$folder/system/client.json"
}

# value MEMBER FILE: a member of a JSON object.
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$@"; }

# An account, and what an administrator changes on a host: one line of PAM, one file of sshd.
make_host() {
    while id "$user" >/dev/null 2>&1; do user=demo$RANDOM; done
    quietly useradd --create-home --shell /bin/bash "$user"
    quietly chpasswd <<<"$user:$password"
    sed "s|pam_twolatch.so|$module|" "$packaging/pam.d/sshd" >/etc/pam.d/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$folder/host_key"
    printf '[127.0.0.1]:%s %s\n' "$ssh_port" "$(cut -d ' ' -f 1-2 "$folder/host_key.pub")" >"$folder/known_hosts"
    cat >"$folder/sshd_config" <<END
Include $packaging/sshd_config.d/twolatch.conf
ListenAddress 127.0.0.1:$ssh_port
HostKey $folder/host_key
PidFile none
PrintMotd no
UseDNS no
END
    /usr/sbin/sshd -t -f "$folder/sshd_config"
}

# PAM files that only those read who name their folder.
make_conversation() {
    mkdir "$folder/pam.d"
    # The first line stands for a right password.
    printf 'auth requisite pam_permit.so\nauth required %s socket=%s\n' "$module" "$folder/system/verify.sock" \
        >"$folder/pam.d/twolatch-demo"
    printf 'auth required pam_deny.so\n' >"$folder/pam.d/other"
}

introduce() {
    echo
    echo "Twolatch runs until Ctrl-C. In a second terminal, and in a browser on this machine:"
    echo
    if [[ -n $ssh ]]; then
        cat <<END
  Over SSH      ${door[*]}
                password: $password
                The first login shows a QR code for an authenticator app and asks for two codes.
  On the web    http://127.0.0.1:$app_port
                user name: $user   password: $web_password
                It asks for a code of the same app. A code that SSH has seen is refused, and the other way round.
END
    else
        cat <<END
  On the web    http://127.0.0.1:$app_port
                user name: $user   password: $web_password
                The first sign-in shows a QR code for an authenticator app and asks for two codes.
  Through PAM   ${door[*]}
                It asks for a code of the same app. A code that the web has seen is refused, and the other way round.
END
    fi
    cat <<END
  No phone?     oathtool --totp --base32 'KEY'   with the key that is shown with the QR code
  Administer    $setup_link
                makes the first administrator, once and within an hour. Or on the command line, for example:
                $twolatch user list --config $config

END
}

read -r server_port app_port ssh_port < <(free_ports)
user=demo
password=$(new_password)
web_password=$(new_password)
if [[ -n $ssh ]]; then
    make_host
    door=(ssh -p "$ssh_port" -o "UserKnownHostsFile=$folder/known_hosts" "$user@127.0.0.1")
else
    user=$(id -un)
    make_conversation
    door=(python3 "$packaging/demo_pam.py" "$folder/pam.d" "$user")
fi
make_system
start server "$twolatch" serve --config "$config"
await server "$server_port"
start web-app "$web_app" --issuer "http://localhost:$server_port" --listen "127.0.0.1:$app_port" \
    --client-id sample --client-secret "$(value client_secret "$folder/system/client.json")"
await web-app "$app_port"
if [[ -n $ssh ]]; then
    start sshd /usr/sbin/sshd -D -e -f "$folder/sshd_config"
    await sshd "$ssh_port"
fi

if [[ -n $check ]]; then
    DEMO_SSH=$ssh DEMO_USER=$user DEMO_PASSWORD=$password DEMO_WEB_PASSWORD=$web_password \
        DEMO_APP=http://127.0.0.1:$app_port DEMO_TWOLATCH=$twolatch DEMO_CONFIG=$config \
        python3 -B "$packaging/demo_check.py" "${door[@]}" &
    walk=($!)
else
    introduce
fi

status=0
wait -n -p ended "$caller" "${walk[@]}" "${servers[@]}" || status=$?
[[ $ended != "$caller" ]] || exit 0
[[ -z ${name_of[$ended]:-} ]] || {
    echo "demo.sh: the ${name_of[$ended]} has ended; its last words:" >&2
    tail -n 20 "$folder/${name_of[$ended]}.log" >&2
    exit 1
}
exit "$status"
