#!/bin/sh
# weir on the simulated platform and on this machine: `make demo`. Starts weir-sim in the middle of an
# incident, opens weir on it, and ends it with weir. Without a terminal weir prints the list of problems.
#
#     PLOT=bad-deploy AT=+20m make demo       another story, another moment
#     ARGS='get groups' make demo             a command instead of the console
BUILD=${BUILD:-build}
folder=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo.XXXXXX") || exit 2
"$BUILD/weir-sim" --plot "${PLOT:-enrich-lag}" --at "${AT:-+95m}" --socket "$folder/control" \
    >"$folder/log" 2>&1 &
sim=$!
end() {
    kill "$sim" 2>/dev/null
    wait "$sim" 2>/dev/null
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM HUP
while ! grep -q '^ready' "$folder/log"; do
    if ! kill -0 "$sim" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 2
    fi
    sleep 0.1
done
# shellcheck disable=SC2086 # ARGS is a list of words
"$BUILD/weir" --config "$folder/weir.yaml" $ARGS
