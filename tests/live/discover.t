#!/bin/bash
# weir without a configuration, on a machine where the lab's servers run: it shows the machine and
# finds them. Skipped when the lab is not up (make lab).
cd "$(dirname "$0")/../.." || exit 2
weir=${WEIR:-build/weir}
lab=build/lab/env
if ! [ -e "$lab" ]; then
    echo "1..0 # SKIP the lab is not up"
    exit 0
fi
. "$lab"
number=0
failed=0
ok() { # result, name
    number=$((number + 1))
    [ "$1" -eq 0 ] && echo "ok $number - $2" || { echo "not ok $number - $2"; failed=1; }
}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
sources=$(env -u WEIR_CONFIG -u XDG_CONFIG_HOME HOME="$home" timeout 60 "$weir" get sources -o csv \
    --columns name,type 2>/dev/null)
has() { printf '%s\n' "$sources" | tr -d '\r' | grep -q ",$1\$"; }
has hosts
ok $? "without a configuration this machine is shown"
for system in kafka trino airflow alertmanager; do
    case " $LAB_UP " in *" $system "*)
        has "$system"
        ok $? "$system on loopback is found"
        ;;
    esac
done
[ "$failed" -eq 0 ] || printf '%s\n' "$sources" | sed 's/^/# /'
[ -z "$(find "$home" -name '*.yaml')" ]
ok $? "no configuration is written"
echo "1..$number"
exit $failed
