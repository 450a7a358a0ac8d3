#!/bin/sh
# The tables of the README come out of the program: `tests/readme.sh write` puts them in, `check`
# prints what differs. A table stands between <!-- table: NAME --> and <!-- end -->; its text is what
# `weir help NAME` prints.
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
new=$BUILD/README.new
awk -v weir="$BUILD/weir" '
    /^<!-- table: / {
        print
        name = $3
        print ""
        command = weir " help " name
        while ((command | getline line) > 0) print line
        close(command)
        print ""
        skip = 1
    }
    /^<!-- end -->/ {skip = 0}
    !skip && !/^<!-- table: / {print}
' README.md >"$new"
case ${1:-check} in
write) cp "$new" README.md ;;
*) cmp -s "$new" README.md || diff README.md "$new" | head -20 ;;
esac
