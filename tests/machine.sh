#!/usr/bin/env bash
# tests/machine.sh COMMAND…
#
# Runs COMMAND as root in a throw-away copy of this machine: accounts, PAM files, logs, homes and devices can be
# changed at will, servers listen on a loopback interface of their own, and everything ends with COMMAND. Nothing of
# the machine itself changes. The build tree and /tmp are the real ones.
#
#   TWOLATCH_SYSLOG   file that gets what is sent to /dev/log inside (default: /var/log/syslog, inside)
#   TWOLATCH_NETWORK  `shared` leaves the machine's own network, so that people outside reach the servers inside
#   TWOLATCH_KEEP     further folders that must stay the real ones, separated by colons
set -euo pipefail

# Where the layers live: in the memory that stands for /run inside.
readonly layers=/run/layers

# Shows COMMAND the folder $1 with a layer over it that takes all changes.
cover() {
    [[ -d $1 && ! -L $1 ]] || return 0
    mkdir -p "$layers/up$1" "$layers/work$1"
    chmod --reference="$1" "$layers/up$1"
    chown --reference="$1" "$layers/up$1"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$layers/up$1,workdir=$layers/work$1" "$1"
}

# /run starts empty, with what the servers of a booted machine find there.
fresh_run() {
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -m 700 "$layers"
    mkdir -p /run/sshd /run/twolatch /run/systemd
    mkdir -m 711 /run/sudo
    mkdir -m 1777 /run/lock
    touch /run/utmp
    # Tests add users and write PAM files only where they find this.
    touch /run/throw-away-machine
}

# Own terminals, so that `login` may change their owner, and an own /dev/log.
fresh_dev() {
    cover /dev
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o newinstance,mode=620,gid=5,ptmxmode=666 devpts /dev/pts
    ln -sfn pts/ptmx /dev/ptmx
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm
    rm -f /dev/log
}

# libc's syslog() writes to a datagram socket; without a reader it falls back to the console and is slow.
# The reader is bound before COMMAND starts and dies with the namespace.
start_syslog() {
    perl -MSocket -e '
        my ($path) = @ARGV;
        socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
        bind($socket, sockaddr_un("/dev/log")) or die "/dev/log: $!";
        chmod(0666, "/dev/log");
        open(my $out, ">>", $path) or die "$path: $!";
        exit 0 if fork;
        open(STDIN, "<", "/dev/null"); open(STDOUT, ">", "/dev/null"); open(STDERR, ">", "/dev/null");
        while (defined recv($socket, my $line, 65536, 0)) { $line =~ s/[\0\n]+$//; syswrite($out, "$line\n"); }
    ' "$TWOLATCH_SYSLOG"
}

# SIOCSIFFLAGS with IFF_UP; perl-base is on every Debian, iproute2 is not.
loopback_up() {
    perl -MSocket -e '
        socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
        my $request = pack("a16 s x22", "lo", 0x1 | 0x40);
        ioctl($socket, 0x8914, $request) or die "lo: $!";
    '
}

inside() {
    local tree=$1 folder
    shift
    local keep=("$tree")
    IFS=: read -r -a more <<<"${TWOLATCH_KEEP:-}"
    for folder in "${more[@]}" "${CARGO_TARGET_DIR:-}"; do
        [[ -d $folder ]] && keep+=("$folder")
    done

    fresh_run
    for folder in "${!keep[@]}"; do
        mkdir -p "$layers/keep/$folder"
        mount --rbind "${keep[$folder]}" "$layers/keep/$folder"
    done
    for folder in /etc /home /root /var; do
        cover "$folder"
    done
    for folder in "${!keep[@]}"; do
        mount --rbind "$layers/keep/$folder" "${keep[$folder]}"
    done
    fresh_dev
    mount -t proc proc /proc
    [[ ${TWOLATCH_NETWORK:-} == shared ]] || loopback_up
    export TWOLATCH_SYSLOG=${TWOLATCH_SYSLOG:-/var/log/syslog}
    start_syslog

    # `login` ends when it has refused, as sshd's client, sudo and su are told to.
    sed -i '/^LOGIN_RETRIES/d; $a LOGIN_RETRIES 1' /etc/login.defs

    cd "$tree"
    # Not exec: this shell is process 1 and reaps what its grandchildren leave behind.
    "$@"
}

if [[ ${1:-} == --inside ]]; then
    shift
    inside "$@"
    exit
fi

if [[ $# -eq 0 ]]; then
    echo "usage: tests/machine.sh COMMAND…" >&2
    exit 64
fi
if [[ $EUID -ne 0 ]]; then
    echo "machine.sh: not root: the logins through sshd, sudo, su and login are skipped" >&2
    exit 77
fi
tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
network=(--net)
[[ ${TWOLATCH_NETWORK:-} == shared ]] && network=()
exec unshare --mount --pid "${network[@]}" --ipc --uts --fork --kill-child --propagation private -- \
    "$tree/tests/machine.sh" --inside "$tree" "$@"
