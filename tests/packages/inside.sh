#!/usr/bin/env bash
# tests/packages/inside.sh
#
# Runs as a unit of a fresh Debian 12 with systemd and sshd in it; /check has the packages. What it prints is kept.
set -Eeuo pipefail
trap 'echo "inside.sh: failed in line $LINENO: $BASH_COMMAND"; what_happened' ERR
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
source /check/people.sh

# What the journal has on the server and on logins, but for the thousands that went as they should.
what_happened() {
    journalctl --no-pager -o short-precise | grep -i twolatch |
        grep -vE ' granted| reason=(wrong|conversation)|audit head' | tail -n 60
}

did() {
    printf '  [%3d s] %s\n' "$SECONDS" "$*"
}

# refuses WHAT COMMAND…
refuses() {
    if "${@:2}" >/dev/null 2>&1; then
        echo "inside.sh: $1"
        return 1
    fi
}

# Fetches nothing: all that the packages depend on is there.
install() {
    dpkg -i "$@" >/tmp/dpkg 2>&1 || { cat /tmp/dpkg; return 1; }
}

pam_files() {
    cat /etc/pam.d/* | md5sum
}

installed() {
    local before
    before=$(pam_files)
    install /check/old/*.deb
    [[ $(pam_files) == "$before" ]]
    grep -q 'Next:' /tmp/dpkg
    [[ $(stat -c '%U:%G %a' /var/lib/twolatch) == 'twolatch:twolatch 700' ]]
    [[ -e /usr/lib/x86_64-linux-gnu/security/pam_twolatch.so ]]
    [[ $(systemctl is-enabled twolatch.socket twolatch.service | sort -u) == enabled ]]
    refuses "the socket is there without a configuration" test -e /run/twolatch/verify.sock
    for page in 'twolatch' 'twolatch-user-add' 'twolatch-serve' 'twolatch.toml' 'pam_twolatch'; do
        man -w "$page" >/dev/null
        [[ -z $(man --warnings -E UTF-8 "$page" 2>&1 >/dev/null) ]]
    done
    bash -n /usr/share/bash-completion/completions/twolatch
    [[ -z $(systemd-analyze verify /lib/systemd/system/twolatch.{service,socket} 2>&1) ]]
    local exposure
    exposure=$(systemd-analyze security --no-pager twolatch.service | sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p')
    perl -e 'exit($ARGV[0] <= 1.5 ? 0 : 1)' "$exposure"
    did "installed: no PAM file changed, units verified, exposure $exposure"
}

set_up() {
    twolatch init >/tmp/init
    grep -q 'systemctl start twolatch' /tmp/init
    [[ $(stat -c '%U:%G %a' /etc/twolatch/twolatch.toml) == 'root:twolatch 640' ]]
    [[ $(stat -c '%U:%G %a' /etc/twolatch/keys) == 'root:root 600' ]]
    [[ $(stat -c '%U' /var/lib/twolatch/* | sort -u) == twolatch ]]
    systemctl start twolatch
    [[ $(stat -c '%U %a' /run/twolatch /run/twolatch/verify.sock | paste -sd ' ') == 'root 755 root 666' ]]
    local status
    status=/proc/$(systemctl show -P MainPID twolatch)/status
    [[ $(awk '/^Uid/ { print $2 }' "$status") == "$(id -u twolatch)" ]]
    grep -q '^NoNewPrivs:\s*1' "$status"
    grep -q '^Seccomp:\s*2' "$status"
    refuses "the server's account reads the key ring" setpriv --reuid twolatch --clear-groups cat /etc/twolatch/keys
    did "initialised as root, served as twolatch"
}

# A log-in by ssh with password and code. The module goes into sshd's stack as the README has it.
by_ssh() {
    cp /usr/share/doc/libpam-twolatch/examples/sshd.pam /etc/pam.d/sshd
    cp /usr/share/doc/libpam-twolatch/examples/sshd_config.conf /etc/ssh/sshd_config.d/twolatch.conf
    systemctl reload ssh
    useradd -m -s /bin/sh alice
    echo "alice:$PASSWORD" | chpasswd
    twolatch user add alice >/dev/null
    echo "$SECRET" | twolatch factor add-totp alice --secret-stdin >/dev/null
    refuses "a wrong code lets in" ssh_as alice "$PASSWORD" "$(wrong_code "$SECRET")"
    local typed
    typed=$(code "$SECRET")
    refuses "a wrong password lets in" ssh_as alice wrong "$typed"
    [[ $(ssh_as alice "$PASSWORD" "$typed") == alice ]]
    refuses "a code works twice" ssh_as alice "$PASSWORD" "$typed"
    did "ssh: password and code let in; a wrong one, and the same again, do not"
}

# within SECONDS COMMAND…
within() {
    local end=$((SECONDS + $1))
    until "${@:2}"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

asks_at_su() {
    grep -q pam_twolatch /etc/pam.d/su
}

asks_no_more_at_su() {
    cmp -s /etc/pam.d/su /root/su
}

looks_no_more() {
    ! systemctl is-active -q twolatch-enable.service
}

# Somebody switches su on, and is cut off: systemd looks after it, and puts it back when the time is over.
switched() {
    cp /etc/pam.d/su /root/su
    refuses "root is not known, and su was switched" twolatch enable su
    twolatch user add root --shared >/dev/null
    twolatch enable su >/tmp/enabled 2>&1 &
    local enabling=$!
    within 20 asks_at_su
    within 20 systemctl is-active -q twolatch-enable.service
    [[ $(systemctl is-enabled twolatch-enable.service) == enabled ]]
    kill -9 "$enabling"
    wait "$enabling" 2>/dev/null || true
    asks_at_su
    sed -i -E 's/"until":[0-9]+/"until":1/' /var/lib/twolatch-enable/su.json
    within 20 asks_no_more_at_su
    within 20 looks_no_more
    did "switched on and cut off: put back by systemd"
}

# Who asks is known from the kernel, in the unit too: anybody may have a code of their own judged.
without_root() {
    local name secret
    read -r name secret < <(tail -n 1 /tmp/secrets)
    printf '%s\n%s\n' "$PASSWORD" "$(code "$secret")" |
        runuser -u "$name" -- pamtester load "$name" authenticate >/dev/null 2>&1
    did "a code is judged for its owner, who is not root"
}

# under_load WHAT COMMAND…: the command in the midst of log-ins, 20 a second, every fifth with a wrong code.
under_load() {
    rm -f /tmp/enough
    /check/load.sh 100 >/tmp/load &
    local load=$!
    sleep 1
    "${@:2}"
    sleep 1
    touch /tmp/enough
    wait "$load" || { cat /tmp/load; return 1; }
    did "$1: $(cat /tmp/load)"
}

upgrade() {
    install /check/new/*.deb
    [[ $(dpkg-query -W -f '${Version}' twolatch) == "$new" ]]
}

restarts() {
    for _ in 1 2 3 4; do
        systemctl restart twolatch
        sleep 1
    done
}

no_crash() {
    [[ $(systemctl show -P NRestarts twolatch) == 0 ]]
    [[ $(systemctl is-active twolatch.socket twolatch.service | sort -u) == active ]]
    refuses "something has crashed" grep -qE 'segfault|core-dump|dumped core|panicked' <(journalctl --no-pager -o cat)
}

# The server has the ring as a credential, which it reads at its start: each of the two steps takes a restart.
another_key() {
    local status=75 steps
    for ((steps = 1; status == 75 && steps <= 4; steps++)); do
        status=0
        twolatch key rotate sealing >/tmp/rotated 2>&1 || status=$?
        [[ $status == 0 ]] || systemctl restart twolatch
    done
    [[ $status == 0 ]] || { cat /tmp/rotated; return 1; }
    [[ $(stat -c '%U:%G %a' /etc/twolatch/keys) == 'root:root 600' ]]
    systemctl restart twolatch
    useradd -m -s /bin/sh carol
    echo "carol:$PASSWORD" | chpasswd
    twolatch user add carol >/dev/null
    echo "$SECRET" | twolatch factor add-totp carol --secret-stdin >/dev/null
    [[ $(ssh_as carol "$PASSWORD" "$(code "$SECRET")") == carol ]]
    did "another key seals, after $((steps - 1)) steps"
}

# root writes and reads what the server's account cannot, and the database stays that account's.
restored() {
    twolatch backup /root/before >/dev/null
    [[ $(stat -c '%U %a' /root/before) == 'root 600' ]]
    twolatch user add late >/dev/null
    twolatch restore --replace /root/before >/tmp/restored
    grep -q late /tmp/restored
    refuses "somebody from after the backup is there" grep -q '"name": "late"' <(twolatch user list --json)
    [[ $(stat -c '%U' /var/lib/twolatch/* | sort -u) == twolatch ]]
    systemctl is-active -q twolatch.service
    did "backed up, and restored"
}

# Sealed to this machine: the plain key ring is gone, and log-ins go on.
sealed_keys() {
    systemd-creds encrypt --name=keys /etc/twolatch/keys /etc/twolatch/keys.cred 2>/dev/null
    mkdir -p /etc/systemd/system/twolatch.service.d
    printf '[Service]\nLoadCredential=\nLoadCredentialEncrypted=keys:/etc/twolatch/keys.cred\n' \
        >/etc/systemd/system/twolatch.service.d/sealed.conf
    sed -i 's|^keys = .*|keys = "/run/credentials/twolatch.service/keys"|' /etc/twolatch/twolatch.toml
    mv /etc/twolatch/keys /root/keys
    systemctl daemon-reload
    systemctl restart twolatch
    twolatch user add bob >/dev/null
    useradd -m -s /bin/sh bob
    echo "bob:$PASSWORD" | chpasswd
    echo "$OTHER_SECRET" | twolatch factor add-totp bob --secret-stdin >/dev/null
    [[ $(ssh_as bob "$PASSWORD" "$(code "$OTHER_SECRET")") == bob ]]
    mv /root/keys /etc/twolatch/keys
    did "the key ring as an encrypted credential"
}

removed() {
    pam-auth-update --enable twolatch
    grep -q pam_twolatch /etc/pam.d/common-auth
    dpkg -r libpam-twolatch >/tmp/dpkg 2>&1
    refuses "the profile is left in common-auth" grep -q pam_twolatch /etc/pam.d/common-auth
    grep -q '/etc/pam.d/sshd' /tmp/dpkg
    refuses "sshd lets in without the module" ssh_as alice "$PASSWORD" "$(code "$SECRET")"
    ! dpkg -r twolatch >/tmp/dpkg 2>&1
    grep -q 'would refuse every login' /tmp/dpkg
    grep -q '/etc/pam.d/sshd' /tmp/dpkg
    systemctl -q is-active twolatch.socket
    sed -i '/pam_twolatch/d' /etc/pam.d/sshd /etc/pam.d/load
    dpkg -r twolatch >/tmp/dpkg 2>&1 || { cat /tmp/dpkg; return 1; }
    refuses "the server runs on" systemctl -q is-active twolatch.service twolatch.socket
    [[ -s /var/lib/twolatch/twolatch.db && -s /etc/twolatch/keys ]]
    did "removed: what names the module refuses, and was named"
}

purged() {
    dpkg -P twolatch libpam-twolatch >/tmp/dpkg 2>&1
    grep -q 'still in: /var/lib/twolatch /etc/twolatch' /tmp/dpkg
    [[ -s /var/lib/twolatch/twolatch.db && -s /etc/twolatch/keys ]]
    install /check/new/*.deb
    systemctl is-active -q twolatch.service
    [[ $(twolatch user list --json | grep -c '"name": "alice"') == 1 ]]
    echo 'twolatch twolatch/delete-data boolean true' | debconf-set-selections
    dpkg -P twolatch libpam-twolatch >/tmp/dpkg 2>&1
    refuses "something is left" test -e /var/lib/twolatch -o -e /etc/twolatch
    [[ -z $(find /etc/systemd/system -name 'twolatch*' -not -name twolatch.service.d) ]]
    did "purged: the database stays unless somebody says otherwise"
}

new=$(dpkg-deb -f /check/new/twolatch_*.deb Version)
installed
set_up
by_ssh
switched
many_people 1200
did "1200 people imported"
without_root
under_load "an upgrade" upgrade
under_load "four restarts" restarts
no_crash
another_key
sealed_keys
restored
removed
purged
