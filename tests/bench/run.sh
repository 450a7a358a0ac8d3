#!/bin/sh
# All figures, each beside a baseline of the same run. `make bench` calls it; `sh tests/bench/run.sh
# terminal|rows|log|load|history|kafka|scale` runs one part. Nothing is asserted: figures are for reading. scale
# takes a quarter of an hour.
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build}
part=${1:-all}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
here=$(pwd)

config() { # name, then one source per line
    { printf 'environments:\n  bench:\n    class: dev\n    sources:\n'; sed 's/^/      /'; } >"$work/$1.yaml"
}

# Four sources of fifty rows at rest; the keys move the cursor.
terminal() {
    for s in one two three four; do echo "$s: {type: fake, rows: 50, every: 1h}"; done | config four
    cat >"$work/weir.spec" <<END
[weir]
argv=$here/$BUILD/fake/weir --config $work/four.yaml
keys=down*20,up*20
setup=: t h i n g s enter
content=four +fake +connecting
quit=esc q
END
    "$BUILD/bench-tty" --spec "$work/weir.spec"
    "$BUILD/bench-tty" --spec "$work/weir.spec" --size 80x24 --given-only
}

# 100,000 rows of 12 columns: memory, and what a filter key costs.
rows() {
    echo 'big: {type: fake, rows: 100000, every: 1h}' | config big
    cat >"$work/weir.spec" <<END
[weir-100000-rows]
argv=$here/$BUILD/fake/weir --config $work/big.yaml
keys=9 backspace 7 backspace 0 backspace 1 backspace
setup=: t h i n g s enter /
content=big +fake +ok
quit=esc esc q
END
    "$BUILD/bench-tty" --given-only --spec "$work/weir.spec"
}

# A log of a million lines: every key, a search and a filter through all of it.
log() {
    make -s "BUILD=$BUILD" "$BUILD/bench-log" && "$BUILD/bench-log"
}

# The same keys while a source parses 10 MB again and again (100,000 rows a second).
load() {
    { echo 'one: {type: fake, rows: 50, every: 1h}'; echo 'busy: {type: fake, rows: 100000, every: 1s}'; } | config busy
    cat >"$work/weir.spec" <<END
[weir-while-a-source-is-busy]
argv=$here/$BUILD/fake/weir --config $work/busy.yaml
keys=down*20,up*20
setup=: o n e enter
content=one +fake +connecting
quit=esc q
END
    "$BUILD/bench-tty" --given-only --spec "$work/weir.spec"
}

# What recording costs, and reading it.
history() {
    make -s BUILD="$BUILD" "$BUILD/bench-history"
    "$BUILD/bench-history"
}

kafka() {
    if [ -e tests/bench/kafka_lag.sh ] && tests/lab/lab status 2>/dev/null | grep -q '^kafka .*up'; then
        sh tests/bench/kafka_lag.sh
    else
        echo "kafka: skipped, the lab is not up (make lab)"
    fi
}

# A platform of the size that people complain about, simulated, at three round trips. For more,
# or for less:
#     SCALE_RTT=0,20,100 SCALE_ROUNDS=3 SCALE_AFTER=60 SCALE_MINUTE=60 sh tests/bench/run.sh scale
# SCALE_WITHOUT=events leaves a source out.
scale() {
    make -s "BUILD=$BUILD" "$BUILD/weir" "$BUILD/weir-connectors.so" "$BUILD/weir-sim" \
        "$BUILD/bench-scale" || return
    "$BUILD/bench-scale" --weir "$BUILD/weir" --sim "$BUILD/weir-sim" --rtt "${SCALE_RTT:-0,20,100}" \
        --rounds "${SCALE_ROUNDS:-1}" --after "${SCALE_AFTER:-40}" --minute "${SCALE_MINUTE:-30}" \
        ${SCALE_WITHOUT:+--without "$SCALE_WITHOUT"}
}

make -s "BUILD=$BUILD" "$BUILD/fake/weir" "$BUILD/fake/weir-connectors.so" "$BUILD/bench-tty" || exit 1
for one in terminal rows log load history kafka scale; do
    case $part in all | "$one")
        echo "== $one"
        $one
        ;;
    esac
done
