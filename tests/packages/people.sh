# People, their codes and their log-ins, for the scripts beside this one. Sourced.

readonly PASSWORD=copper-lantern-drifts
readonly SECRET=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
readonly OTHER_SECRET=MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U

code() {
    oathtool --totp -b "$1"
}

# One that is right at no time near now.
wrong_code() {
    local candidate
    for candidate in 000000 111111 222222 333333; do
        grep -q "$candidate" <(oathtool --totp -b -w 4 --now '-60 seconds' "$1") || { echo "$candidate"; return; }
    done
}

# ssh_as NAME PASSWORD CODE: asks each prompt's own answer; says who is in.
ssh_as() {
    printf '#!/bin/sh\ncase "$1" in *assword*) echo "%s" ;; *) echo "%s" ;; esac\n' "$2" "$3" >/tmp/askpass
    chmod 700 /tmp/askpass
    SSH_ASKPASS=/tmp/askpass SSH_ASKPASS_REQUIRE=force timeout 30 ssh -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 \
        -o PreferredAuthentications=keyboard-interactive "$1@127.0.0.1" id -un </dev/null
}

# many_people N: p1 to pN with accounts here, one password and a secret each; /tmp/secrets has these.
many_people() {
    local number secret
    for ((number = 1; number <= $1; number++)); do
        # 20 bytes, which differ from one to the next.
        secret=$(printf 'twolatch-package%04d' "$number" | base32)
        echo "p$number $secret"
    done >/tmp/secrets
    awk '{ print $1 ":x:" 5000 + NR ":100::/nonexistent:/bin/sh" }' /tmp/secrets >>/etc/passwd
    awk '{ print $1 ":!:19000::::::" }' /tmp/secrets >>/etc/shadow
    awk -v password="$PASSWORD" '{ print $1 ":" password }' /tmp/secrets | chpasswd -c SHA512 -s 1000
    { echo name; awk '{ print $1 }' /tmp/secrets; } >/tmp/people.csv
    twolatch user import /tmp/people.csv >/dev/null
    { echo name,secret; awk '{ print $1 "," $2 }' /tmp/secrets; } >/tmp/phones.csv
    chmod 600 /tmp/phones.csv
    twolatch import csv /tmp/phones.csv >/dev/null
    printf 'auth requisite pam_unix.so nodelay\nauth required pam_twolatch.so\n' >/etc/pam.d/load
}
