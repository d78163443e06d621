#!/usr/bin/env bash
# Whether a package of relay holds what it should, nothing that it should not, and starts: unpacked
# into a folder, as nobody in particular. debian.sh tries it on a machine.
set -euo pipefail

package=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dpkg-deb --extract "$package" "$work"
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

for path in usr/lib/relay/bin/relay usr/bin/relay lib/systemd/system/relay.service lib/udev/rules.d/60-relay.rules \
    usr/lib/sysusers.d/relay.conf usr/lib/tmpfiles.d/relay.conf usr/lib/systemd/system-preset/90-relay.preset \
    usr/share/bash-completion/completions/relay usr/share/zsh/vendor-completions/_relay \
    usr/share/fish/vendor_completions.d/relay.fish usr/share/doc/relay/operations.md usr/share/doc/relay/copyright; do
    [ -e "$path" ] || [ -L "$path" ] || fail "$path is missing"
done
grep -q '^ExecStart=/usr/bin/relay run$' lib/systemd/system/relay.service || fail "the unit starts another program"
[ ! -e etc ] || fail "what is in /etc is the administrator's"
grep -rlF -e "$source" . && fail "a path of this computer is in it"
find . -perm /022 ! -type l | grep . && fail "others may write these"
find . -name '*.py' -path '*/relay/*' ! -path '*/__pycache__/*' | while read -r module; do
    compiled=$(dirname "$module")/__pycache__/$(basename "$module" .py).cpython-311.pyc
    [ -e "$compiled" ] || fail "$module is not compiled"
done

packages=$work/usr/lib/relay/lib/python3.11/site-packages
python=$(command -v python3.11 || command -v python3)
for command in version status explain modems send; do
    PYTHONPATH=$packages "$python" -B -S -m relay "$command" --help >/dev/null || fail "relay $command does not start"
done
PYTHONPATH=$packages "$python" -B -S -c 'import textual, plotext, pyrage, nacl.signing' || fail "the extra field is not in it"
echo "$(basename "$package"): $(du -h "$package" | cut -f1), holds what it should, and starts"
