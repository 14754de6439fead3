#!/usr/bin/env bash
# tests/run.sh
#
# Everything that must pass, on a fresh Debian 12 with Rust: installs what the tests drive (as root), then formatting,
# lints, licences, one debug build, the unit tests and the tests with real servers. Without root the logins through
# sshd, sudo, su and login are left out, and that is said.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$HOME/.cargo/bin:$PATH"
source packaging/lib.sh

packages=(
    gcc libpam0g-dev                                          # to build
    openssh-server openssh-client sudo postgresql-15 pamtester # what people log in through
    rsync git ansible-core                                     # and what they do there
    apache2 libapache2-mod-auth-openidc chromium chromium-driver # web apps and a browser
    nginx-light caddy                                          # proxies before others
    python3-aiosmtpd openssl                                   # a mail server and its certificates
    python3-venv                                               # what web apps are made with
    dpkg-dev debootstrap systemd-container                     # to install the packages on a Debian of their own
    oathtool libpam-google-authenticator libpam-oath faketime strace
    g++ valgrind                                               # to fuzz, and to find leaks
)
command -v npm >/dev/null || packages+=(nodejs npm) # what drives the browser
readonly packages

step_name=start
step() {
    step_name=$*
    printf '[%4d s] %s\n' "$SECONDS" "$*"
}
trap 'echo "run.sh: failed at: $step_name" >&2' ERR

install_what_is_missing() {
    local missing
    mapfile -t missing < <(missing_packages "${packages[@]}")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $EUID -ne 0 ]]; then
        echo "run.sh: not root, so these are not installed and what needs them is skipped: ${missing[*]}" >&2
        return 0
    fi
    install_packages "${missing[@]}"
}

# Every source file stays short enough to be read in one go.
check_lengths() {
    local file lines long=0
    while IFS= read -r file; do
        lines=$(wc -l <"$file")
        if ((lines > 400)); then
            echo "run.sh: $file has $lines lines; the limit is 400" >&2
            long=1
        fi
    done < <(git ls-files '*.rs' '*.sh' '*.sql' '*.html' '*.css' '*.js' '*.mjs' '*.c')
    return "$long"
}

# Logins mostly wait for other processes, so more of them run at once than there are cores.
# The whole workspace is named each time: any other choice of packages has other features and would build everything
# again. `cargo test` cannot leave out one binary, so without nextest all tests run among the real servers.
if cargo nextest --version >/dev/null 2>&1; then
    build=(cargo nextest run --workspace --locked --no-run)
    unit=(cargo nextest run --workspace --locked --no-fail-fast -E 'not binary(=e2e)')
    e2e=(cargo nextest run --workspace --locked --no-fail-fast --test-threads 6)
    all=(-E 'binary(=e2e)') table=(-E 'binary(=e2e) & test(/(^|:|_)p[0-3][0-9]_/)') # P-01 to P-38
else
    build=(cargo test --workspace --locked --no-run)
    unit=(:)
    e2e=(cargo test --workspace --locked --no-fail-fast)
    all=() table=(--test e2e -- p0 p1 p2 p3)
fi

step "packages"
install_what_is_missing

step "tools"
cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --version 0.20.2 --locked
cargo deb --version >/dev/null 2>&1 || cargo install cargo-deb --version 3.8.0 --locked

step "format and file lengths"
cargo fmt --all --check
RUSTC_BOOTSTRAP=1 cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
check_lengths

step "lints"
cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

step "licences, banned crates, sources"
cargo deny --log-level error check licenses bans sources
RUSTC_BOOTSTRAP=1 cargo deny --locked --manifest-path tests/fuzz/Cargo.toml --log-level error check licenses bans sources

step "build"
"${build[@]}"

# On its own and with its own folder: in a build of the workspace it would get the server's features. As it is
# shipped: the tests below judge the file that packages contain.
step "build of the PAM module"
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
cargo build --release --locked -p pam-module --target-dir "$target/pam"
export TWOLATCH_PAM_MODULE="$target/pam/release/libpam_twolatch.so"

# Without what takes longest in it: link-time optimisation.
step "build of the server as packages contain it"
CARGO_PROFILE_RELEASE_LTO=off cargo build --release --locked -p idp-server

step "build of the PAM module with AddressSanitizer, and of what is fuzzed"
TWOLATCH_ASAN_MODULE=$(tests/asan.sh)
export TWOLATCH_ASAN_MODULE
export TWOLATCH_SOAK_MINUTES=3
tests/fuzz.sh --build

if command -v npm >/dev/null; then
    step "what drives the browser"
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --prefix tests/browser --omit=dev --ignore-scripts --no-audit --no-fund \
        --loglevel=error
fi

if /usr/bin/python3 -m venv "$target/libraries" 2>/dev/null; then
    step "what web apps are made with"
    "$target/libraries/bin/pip" install --quiet --disable-pip-version-check --requirement tests/libraries/requirements.txt
    export TWOLATCH_PYTHON=$target/libraries/bin/python
fi

export CARGO_NET_OFFLINE=true # what follows needs nothing more
TWOLATCH_SKIPPED=$(mktemp)
export TWOLATCH_SKIPPED

step "unit tests"
[[ ${unit[0]} == : ]] || tests/postgres.sh "${unit[@]}"

if [[ $EUID -eq 0 ]]; then
    step "tests with real servers"
    tests/machine.sh tests/postgres.sh "${e2e[@]}" "${all[@]}"
else
    step "tests with real servers (not root: without the logins through sshd, sudo, su and login)"
    tests/postgres.sh "${e2e[@]}" "${all[@]}"
fi

if [[ $EUID -eq 0 ]]; then
    step "packages on a fresh Debian"
    tests/packages.sh

    step "the table of bad inputs at what the packages contain"
    unpacked=$(mktemp -d)
    for package in "$target"/debian/*.deb; do
        dpkg-deb -x "$package" "$unpacked"
    done
    chmod 755 "$unpacked"
    TWOLATCH_PROGRAM=$unpacked/usr/bin/twolatch \
        TWOLATCH_PAM_MODULE=$(find "$unpacked" -name pam_twolatch.so) \
        tests/machine.sh tests/postgres.sh "${e2e[@]}" "${table[@]}"
    rm -rf "$unpacked"
else
    step "packages on a fresh Debian (not root: left out)"
fi

step "fuzzing"
tests/fuzz.sh 30

# Root has everything, so nothing may have been left out.
skipped=$(sort -u "$TWOLATCH_SKIPPED")
rm -f "$TWOLATCH_SKIPPED"
if [[ -n $skipped ]]; then
    printf 'skipped: %s\n' "$skipped"
    [[ $EUID -ne 0 ]]
fi
