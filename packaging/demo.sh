#!/usr/bin/env bash
# packaging/demo.sh [--check]
#
# Twolatch to try, on a bare Debian 12 with Rust: installs what is missing, builds, and starts a throw-away system: the
# server on SQLite, the sample web app and, as root, an sshd whose accounts and PAM files exist for it alone. Everything
# listens on loopback, lives in one temporary folder and is gone after Ctrl-C.
#
#   --check   nobody is needed: the whole walk is done by packaging/demo_check.py, and the exit status says how it went
#
# Without root, a conversation with the PAM module (packaging/demo_pam.py) stands for the login over SSH.
set -Eeuo pipefail

packaging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=${packaging%/*}
source "$packaging/lib.sh"

usage() {
    echo "usage: packaging/demo.sh [--check]" >&2
    exit 64
}

say() { printf '%s\n' "$*"; }

fail() {
    printf 'demo.sh: %s\n' "$*" >&2
    exit 1
}

install_what_is_missing() {
    local missing wanted=(gcc libpam0g-dev python3 oathtool)
    [[ $EUID -ne 0 ]] || wanted+=(openssh-server openssh-client)
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    [[ $EUID -eq 0 ]] || fail "not installed: ${missing[*]}; as root: apt-get install ${missing[*]}"
    say "Installing ${missing[*]} …"
    install_packages "${missing[@]}"
}

build() {
    export PATH="$HOME/.cargo/bin:$PATH"
    command -v cargo >/dev/null || fail "no cargo: install Rust, see https://rustup.rs"
    cd "$tree"
    export CARGO_TARGET_DIR
    CARGO_TARGET_DIR=$(realpath -m "${CARGO_TARGET_DIR:-target}")
    say "Building the server, the sample web app and the PAM module (the first time some ten minutes, later seconds) …"
    cargo build --locked -p idp-server --bin twolatch --example relying_party
    # In a folder of its own, as packages get it: built together with the server it would share the server's features.
    cargo build --locked --release -p pam-module --target-dir "$CARGO_TARGET_DIR/pam"
}

# Ends what runs and removes what is there. What runs ends when the pipe does: then it ends too if this script is killed.
clean_up() {
    trap '' INT TERM HUP
    [[ -z ${hold:-} ]] || exec {hold}>&-
    [[ -z ${running:-} ]] || wait "$running" || true
    rm -rf "$folder"
}

outside() {
    install_what_is_missing
    build

    folder=$(mktemp -d "${TMPDIR:-/tmp}/twolatch-demo.XXXXXX")
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    chmod 755 "$folder" # a second terminal may be another account's

    # Mounts and processes of its own, but this machine's network: browsers and ssh come from outside.
    local machine=(env TWOLATCH_NETWORK=shared TWOLATCH_KEEP="$folder" "$tree/tests/machine.sh") ssh=yes
    if [[ $EUID -ne 0 ]]; then
        say "Not root: no sshd. A conversation with the PAM module stands for the login over SSH."
        machine=() ssh=
    elif ! unshare --mount --pid --fork true 2>/dev/null; then
        say "This root may make no namespaces: no sshd. A conversation with the PAM module stands for the login over SSH."
        machine=() ssh=
    fi
    # In a session of its own: Ctrl-C is for this script, which then ends the rest in order.
    mkfifo "$folder/hold"
    setsid "${machine[@]}" "$packaging/demo_inside.sh" "$folder" "$ssh" "$check" <"$folder/hold" &
    running=$!
    exec {hold}>"$folder/hold"
    rm "$folder/hold"

    local status=0
    wait "$running" || status=$?
    running=
    exit "$status"
}

check=
[[ $# -le 1 ]] || usage
case ${1:-} in
    '') ;;
    --check) check=yes ;;
    *) usage ;;
esac
outside
