#!/usr/bin/env bash
# A clean Debian 12 machine, booted by systemd-nspawn with no network: installs the package, runs a
# station on a simulated modem, upgrades it with a queue in place, restarts, removes and purges it.
# `make deb-test` runs it, as root. It leaves nothing behind but the clean machine, which is kept
# for the next time.
#
#   tests/install/debian.sh OLD.deb NEW.deb [FOLDER for the clean machine]
set -euo pipefail
export LC_ALL=C.UTF-8

old=$(realpath "$1") new=$(realpath "$2") clean=${3:-build/debian-12}

skip() {
    printf '\n!! SKIPPED: %s\n!! The package was NOT tried on a clean machine.\n' "$*"
    exit 0
}
[ "$(id -u)" = 0 ] || skip "only root can put up a machine"
for program in debootstrap systemd-nspawn nsenter; do
    command -v $program >/dev/null || skip "$program is missing: apt install debootstrap systemd-container"
done
if [ ! -e "$clean/etc/debian_version" ]; then
    echo "== making a clean Debian 12 in $clean"
    rm -rf "$clean" "$clean.part"
    mkdir -p "$(dirname "$clean")"
    debootstrap --include=python3,dbus bookworm "$clean.part" >"$clean.log" 2>&1 || skip "debootstrap failed; see $clean.log"
    rm -rf "$clean.part"/var/cache/apt/archives/*.deb
    mv "$clean.part" "$clean"
fi

work=$(mktemp -d)
machine=$work/machine
runner='' leader=''

halt() {
    [ -n "$runner" ] || return 0
    [ -z "$leader" ] || nsenter -t "$leader" -a -- systemctl poweroff --force 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$runner" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$runner" 2>/dev/null || true
    wait "$runner" 2>/dev/null || true
    runner='' leader=''
}
trap 'halt; rm -rf "$work"' EXIT

boot() {
    systemd-nspawn --quiet --directory "$machine" --machine "relay-deb-test-$$" --private-network --boot \
        --register=no --keep-unit --console=read-only </dev/null >"$work/console.log" 2>&1 &
    runner=$!
    for _ in $(seq 300); do
        leader=$(pgrep -P "$runner" | head -n 1 || true)
        if [ -n "$leader" ] && inside systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then
            # Of a container's own boot id the service, with a /proc of its own, sees nothing.
            inside umount /proc/sys/kernel/random/boot_id || true
            return
        fi
        kill -0 "$runner" 2>/dev/null || break
        sleep 0.2
    done
    tail -n 20 "$work/console.log"
    skip "systemd does not boot in a container here"
}
inside() {
    nsenter -t "$leader" -a -- env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive RELAY_PURGE_DATA="${RELAY_PURGE_DATA:-}" "$@"
}

say() { printf '\n== %4ss  %s\n' "$SECONDS" "$*"; }
fail() {
    printf '\nFAILED: %s\n' "$*"
    inside journalctl --no-pager -n 40 -u relay || true
    exit 1
}
check() { # WORDS... : a command that must succeed, within a minute
    local until=$((SECONDS + 60))
    while [ $SECONDS -lt $until ]; do
        if "$@" >"$work/said" 2>&1; then
            printf '   ok  %s\n' "$*"
            return
        fi
        sleep 0.5
    done
    cat "$work/said"
    fail "$*"
}
says() { # PATTERN COMMAND... : what it says matches
    local pattern=$1
    shift
    { "$@" 2>&1 || true; } | tee /dev/stderr | grep -E -- "$pattern" >/dev/null
}
files() { # everything on the machine but what apt and systemd keep for themselves
    find "$machine" -xdev \( -path "$machine/var/cache" -o -path "$machine/var/log" -o -path "$machine/tmp" \
        -o -path "$machine/var/tmp" -o -path "$machine/run" -o -path "$machine/dev" -o -path "$machine/proc" \
        -o -path "$machine/sys" -o -path "$machine/var/lib/dpkg" -o -path "$machine/var/lib/apt" \
        -o -path "$machine/var/lib/systemd" -o -path "$machine/root" -o -path "$machine/var/lib/private" \) -prune \
        -o -printf '%P\n' | grep -vE '^etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^etc/\.(pwd\.lock|updated)$' |
        LC_ALL=C sort
}
accounts() { (cd "$machine/etc" && cut -d: -f1 passwd group | sort); }
apt() { inside apt-get -q -o APT::Sandbox::User=root "$@"; }
net() { # COMMAND of the simulated network
    inside /usr/lib/relay/bin/python -I -c '
import json, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect("/run/clinic/control")
line.sendall(json.dumps({"command": sys.argv[1]}).encode() + b"\n")
answer = json.loads(line.makefile().readline())
print(answer.get("output") or answer)' "$*"
}
simulate() {
    inside systemd-run --quiet --unit=clinic --property=User=relay --property=RuntimeDirectory=clinic \
        --property=StandardInput=null relay simulate --link /run/clinic --control /run/clinic/control
    check inside test -S /run/clinic/control
}
of_the_clinic() { inside sed -n "s/^$1 = \"\(.*\)\".*/\1/p" /run/clinic/relay.toml; }
set_up() { # as a technician does it, for the station of the simulation
    of_the_clinic password | inside tee /root/password >/dev/null
    inside relay setup --yes --modem /run/clinic/modem1 --number +254711000000 \
        --server-url "$(of_the_clinic url)" --user gateway --password-file /root/password
}
finds() { check says "Root causes: 1 \(($1)\)" inside relay doctor; } # CODE

cp -a "$clean" "$machine"
say "a clean machine boots with no network"
boot
files >"$work/before"
accounts >"$work/accounts"
install -m 644 "$old" "$machine/root/old.deb"
install -m 644 "$new" "$machine/root/new.deb"
inside ip route | grep -q . && fail "the machine has a network"

say "installing"
apt install -y /root/old.deb >"$work/apt" 2>&1 || { cat "$work/apt"; fail "apt"; }
check grep -q 'sudo relay setup' "$work/apt"
check inside relay version
check inside systemctl is-enabled relay
check says '^inactive' inside systemctl is-active relay
check says 'relay dialout|dialout' inside id -nG relay
check inside systemd-analyze verify relay.service
inside udevadm test /sys/devices/virtual/tty/tty0 2>&1 | grep -E '60-relay.rules:.*(Invalid|Unknown|ignor)' && fail "udev does not take the rules"
check says '^root relay 750' inside stat -c '%U %G %a' /etc/relay
check says '^root root 750' inside stat -c '%U %G %a' /etc/relay/secrets

say "a station on a simulated modem is set up"
simulate
check says '^UNKNOWN' inside relay status
check says 'it lets relay in' set_up
check says '^root relay 640' inside stat -c '%U %G %a' /etc/relay/relay.toml
check says '^root root 600' inside stat -c '%U %G %a' /etc/relay/secrets/server-main-password
inside sed -i -e 's/^# survey_s = .*/survey_s = 5/' -e 's/^# poll_min_s = .*/poll_min_s = 1/' \
    -e 's/^# poll_max_s = .*/poll_max_s = 5/' /etc/relay/relay.toml
cp "$machine/etc/relay/relay.toml" "$work/relay.toml"
check inside relay config check
inside systemctl start relay
check inside systemctl is-active relay
check says '^OK' inside relay status
check inside relay doctor
check says 'relay is running and has the modem. Nothing was changed' set_up
check says '^relay relay 750' inside stat -c '%U %G %a' /run/relay
net 'handset +254700000001 send before the upgrade' >/dev/null
check says 'before the upgrade' net 'server reports'
net 'server queue +254700000001 Thank you' >/dev/null
check says 'Thank you' net 'handset +254700000001 inbox'

say "the modem is unplugged and plugged in again"
net unplug >/dev/null
check says 'MODEM_LOST|PORT_MISSING' inside relay status
finds 'MODEM_LOST|PORT_MISSING'
net replug >/dev/null
check says '^OK' inside relay status

say "doctor finds what is broken on purpose, and mends what it may"
net 'sim remove' >/dev/null
finds SIM_ABSENT
net 'sim +254711000000' >/dev/null
net 'server stop' >/dev/null
finds NET_REFUSED
net 'server start' >/dev/null
printf 'wrong\n' | inside tee /etc/relay/secrets/server-main-password >/dev/null
inside systemctl restart relay
finds AUTH_401
inside systemctl stop relay
check says 'it lets relay in' set_up
inside systemctl disable --quiet relay
finds 'SERVICE_[A-Z]+|DAEMON_[A-Z]+'
check inside relay doctor --fix service
check inside systemctl is-enabled relay
check says '^OK' inside relay status
check inside relay doctor

say "an upgrade with a queue in place"
net 'server stop' >/dev/null
for number in 1 2 3; do net "handset +254700000002 send incoming $number" >/dev/null; done
check says 'incoming 3' inside relay inbox list --text
net 'register searching' >/dev/null
check says 'SEARCHING' inside relay status
for number in 1 2 3; do inside relay send +254700000001 "outgoing $number" >/dev/null; done
check says 'outgoing 3' inside relay outbox list --state waiting --text
printf '# of the administrator\n' | inside tee -a /etc/relay/relay.toml >/dev/null
apt install -y /root/new.deb >"$work/apt" 2>&1 || { cat "$work/apt"; fail "apt"; }
check says '^# of the administrator' inside tail -n 1 /etc/relay/relay.toml
check inside systemctl is-active relay
net 'register home' >/dev/null
net 'server start' >/dev/null
for number in 1 2 3; do
    check says "outgoing $number" net 'handset +254700000001 inbox'
    check says "incoming $number" net 'server reports'
done
check says '^OK|^WARN' inside relay status
net 'handset +254700000001 inbox' >"$work/handset" && net 'server reports' >"$work/server"
for number in 1 2 3; do
    [ "$(grep -c "outgoing $number" "$work/handset")" = 1 ] || { cat "$work/handset"; fail "outgoing $number was doubled"; }
    [ "$(grep -c "incoming $number" "$work/server")" = 1 ] || { cat "$work/server"; fail "incoming $number was doubled"; }
done

say "a restart of the machine"
halt
boot
check inside systemctl is-active relay

say "removing: the messages and the configuration stay"
apt remove -y relay >"$work/apt" 2>&1
check grep -q 'the messages stay in /var/lib/relay' "$work/apt"
check says 'inactive|could not be found' inside systemctl status relay
check inside test -s /var/lib/relay/relay.db
check inside test -s /etc/relay/relay.toml
files | grep -vxFf "$work/before" | grep -vE '^(etc/relay|var/lib/relay)(/|$)' >"$work/left" || true
grep -vE '^etc/systemd/system/multi-user.target.wants/relay.service$|^var/lib/systemd' "$work/left" && fail "files were left"
apt install -y /root/new.deb >"$work/apt" 2>&1 || { cat "$work/apt"; fail "apt"; }
check inside systemctl is-active relay
check says 'incoming 3' inside relay inbox list --text

say "purging: the messages stay, as nobody asked to delete them"
apt purge -y relay >"$work/apt" 2>&1
check grep -q 'The messages stay in /var/lib/relay' "$work/apt"
check inside test -s /var/lib/relay/relay.db
check inside test ! -e /etc/relay

say "purging with the messages: nothing is left"
apt install -y /root/new.deb >"$work/apt" 2>&1 || { cat "$work/apt"; fail "apt"; }
RELAY_PURGE_DATA=yes apt purge -y relay >"$work/apt" 2>&1
files | diff "$work/before" - || fail "files were left"
accounts | diff "$work/accounts" - || fail "a user was left"

say "relay install, for a relay that pip has put into /opt"
apt install -y /root/new.deb >"$work/apt" 2>&1 || { cat "$work/apt"; fail "apt"; }
inside cp -a /usr/lib/relay /opt/relay
inside sed -i '1s|/usr/lib/relay|/opt/relay|' /opt/relay/bin/relay
RELAY_PURGE_DATA=yes apt purge -y relay >"$work/apt" 2>&1
files >"$work/before-install"
inside /opt/relay/bin/relay install --dry-run >/dev/null
files | grep -v __pycache__ | diff <(grep -v __pycache__ "$work/before-install") - || fail "a rehearsal wrote something"
check inside /opt/relay/bin/relay install
check inside systemctl is-enabled relay
install -m 640 "$work/relay.toml" "$machine/etc/relay/relay.toml"
install -m 600 -D "$machine/root/password" "$machine/etc/relay/secrets/server-main-password"
inside chgrp relay /etc/relay/relay.toml
check inside relay install
check inside systemctl is-active relay
check inside relay inbox list
check inside relay uninstall --purge --yes
files | diff "$work/before-install" - || fail "files were left"
accounts | diff "$work/accounts" - || fail "a user was left"

say "all passed"
