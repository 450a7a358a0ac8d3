# What the scripts here share: a folder of their own as home, no configuration of whoever runs them, and
# TAP lines. $weir is the program, $home the folder.
cd "$(dirname "$0")/../.." || exit 2
weir=${WEIR:-$PWD/build/weir}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
unset WEIR_CONFIG NO_COLOR XDG_DATA_HOME
export HOME=$home XDG_CONFIG_HOME=$home/config XDG_STATE_HOME=$home/state TERM=xterm
mkdir -p "$XDG_CONFIG_HOME/weir"
number=0
failed=0
ok() { # result, name
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        [ -z "$out" ] || printf '%s\n' "$out" | head -20 | sed 's/^/# /'
        failed=1
    fi
}
run() { # arguments of weir: $out (stdout and stderr) and $code
    out=$(timeout 60 "$weir" "$@" 2>&1 </dev/null)
    code=$?
}
says() { # extended regular expression, in $out
    printf '%s\n' "$out" | grep -qE -- "$1"
}
finish() {
    echo "1..$number"
    exit $failed
}
