#!/bin/sh
# weir on the simulated platform and on this machine: `make demo`. Starts weir-sim in the middle of an
# incident, opens weir on it, and ends it with weir. Without a terminal weir prints the list of problems.
#
#     PLOT=bad-deploy AT=+20m make demo       another story, another moment
#     ARGS='get groups' make demo             a command instead of the console
BUILD=${BUILD:-build}
folder=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo.XXXXXX") && mkfifo "$folder/said" || exit 2
"$BUILD/weir-sim" --plot "${PLOT:-enrich-lag}" --at "${AT:-+95m}" --socket "$folder/control" \
    >"$folder/said" 2>&1 &
sim=$!
end() {
    kill "$sim" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT TERM HUP
exec 3<"$folder/said"
newline='
'
said=
while IFS= read -r line <&3 && [ "$line" != ready ]; do
    said=$said$line$newline
done
if [ "$line" != ready ]; then
    printf '%s' "${said:-weir-sim ended before it was ready$newline}" >&2
    exit 2
fi
cat <&3 >/dev/null & # what it says from now on must not fill the pipe
exec 3<&-
# shellcheck disable=SC2086 # ARGS is a list of words
"$BUILD/weir" --config "$folder/weir.yaml" $ARGS
