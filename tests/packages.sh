#!/usr/bin/env bash
# tests/packages.sh
#
# The Debian packages on a Debian of their own: looks at what is in them, then boots a fresh bookworm under systemd,
# with the real units and a real sshd, and there installs, uses, upgrades, restarts, removes and purges them (see
# tests/packages/inside.sh). Needs root, debootstrap, systemd-nspawn, cargo-deb, and both release builds.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
trap 'echo "packages.sh: failed: $BASH_COMMAND" >&2' ERR

if [[ $EUID -ne 0 ]]; then
    echo "packages.sh: not root: the packages are not installed anywhere" >&2
    exit 77
fi

# What runs in there ends with this, however this ends.
if [[ ${1:-} != --inside ]]; then
    exec unshare --mount --pid --mount-proc --fork --kill-child --propagation private -- "$PWD/tests/packages.sh" --inside
fi

# What the tests in there use; none of it is what the packages depend on.
readonly inside=systemd,systemd-sysv,openssh-server,openssh-client,pamtester,oathtool,man-db
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
readonly target

# A fresh Debian, kept as an archive: making one takes a minute and a half.
fresh_debian() {
    local mirror archive=$target/debootstrap/bookworm-$(md5sum <<<"$inside" | cut -c1-8).tar
    if [[ ! -e $archive ]]; then
        mkdir -p "${archive%/*}"
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
        debootstrap --variant=minbase --include="$inside" bookworm "$work/made" "$mirror" >"$work/debootstrap.log"
        rm -rf "$work"/made/var/cache/apt/archives/*.deb "$work"/made/var/lib/apt/lists/*
        tar -C "$work/made" --numeric-owner -cf "$archive.new" .
        mv "$archive.new" "$archive"
        rm -rf "$work/made"
    fi
    mkdir "$work/root"
    tar -C "$work/root" --numeric-owner -xf "$archive"
}

# expect WHAT COMMAND…: the command prints nothing; what it prints is wrong.
expect() {
    local said
    said=$("${@:2}" || true)
    if [[ -n $said ]]; then
        printf 'packages.sh: %s:\n%s\n' "$1" "$said" >&2
        return 1
    fi
}

# Modes, owners and places in the archive, and what the scripts may not do.
look_at() {
    local package=$1
    expect "not root's" awk '$2 !~ /^(root|0)\/(root|0)$/' <(dpkg-deb -c "$package")
    expect "others may write, or it is setuid" grep -E '^-(.{7}w|..[sS]|.{5}[sS])' <(dpkg-deb -c "$package")
    expect "out of place" grep -vE ' \./(usr/((bin|lib|share)/.*)?|lib/(systemd/(system/.*)?)?)?$' \
        <(dpkg-deb -c "$package")
    dpkg-deb -e "$package" "$work/control"
    expect "a script changes PAM files" grep -rnE '(>|sed -i|cp|mv|install).*/etc/pam\.d' "$work/control"
    bash -n "$work"/control/p*
    rm -rf "$work/control"
}

# The same package as the version before: what an upgrade starts from.
older() {
    dpkg-deb -R "$1" "$work/older"
    sed -i 's/^Version: .*/Version: 0.0.1-1/' "$work/older/DEBIAN/control"
    dpkg-deb -Zgzip -z1 -b "$work/older" "$2" >/dev/null
    rm -rf "$work/older"
}

work=$(mktemp -d "$target/packages.XXXXXX")
readonly work
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/check/new" "$work/check/old"

packaging/debian.sh --no-build
for package in "$target"/debian/*.deb; do
    look_at "$package"
    cp "$package" "$work/check/new/"
    older "$package" "$work/check/old/"
done

fresh_debian
cp tests/packages/*.sh "$work/check/"
cat >"$work/root/etc/systemd/system/check.service" <<'UNIT'
[Unit]
After=ssh.service
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
ExecStart=/check/inside.sh
StandardOutput=append:/check/log
StandardError=inherit
TimeoutStartSec=600
[Install]
WantedBy=multi-user.target
UNIT
ln -s ../check.service "$work/root/etc/systemd/system/multi-user.target.wants/"
for unit in man-db.timer apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer; do
    ln -s /dev/null "$work/root/etc/systemd/system/$unit"
done

if ! systemd-nspawn --quiet --register=no --keep-unit --private-network --machine="twolatch-$$" --console=pipe \
    --directory="$work/root" --bind="$work/check:/check" --boot </dev/null >"$work/console" 2>&1; then
    cat "$work/check/log" >&2 || tail -n 40 "$work/console" >&2
    echo "packages.sh: the packages have failed" >&2
    exit 1
fi
cat "$work/check/log"
