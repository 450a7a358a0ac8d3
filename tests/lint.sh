#!/bin/sh
# Layout, the dependency rule, banned calls, sizes, and the tables of the README. Prints every finding;
# exit status 1 when there is one. Works on the files git tracks or would track.
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
sources() { git ls-files -co --exclude-standard -- "$@" | grep -E '\.[ch]$'; }
check() { # $1: what is wrong; stdin: places
    sed "s#^#lint: $1: #" | tee -a "$findings"
}

# clang-format decides the layout
if command -v clang-format >/dev/null; then
    sources | xargs clang-format --dry-run 2>&1 | grep -E 'warning: code should be' |
        cut -d: -f1 | sort | uniq -c | awk '{print $2 " (" $1 " places; make format)"}' |
        check "layout"
else
    echo "is missing" | check "clang-format"
fi

# libraries stay behind their one door
only() { # header, allowed files (extended regex)
    sources | xargs grep -lE "#include <$1>" | grep -vE "^($2)\$" | check "$1 outside of $2"
}
only '(n?curses|term)\.h' 'tui/curses\.c|tui/input\.c|tests/(bench|pty)/[a-z_]*\.c'
only 'curl/curl\.h' 'connectors/transport/http[a-z_]*\.[ch]'
only 'libssh2\.h' 'connectors/transport/ssh[a-z_]*\.[ch]'
only 'librdkafka/rdkafka.*\.h' 'connectors/kafka/[a-z_]*\.[ch]|tests/.*'
only 'pthread\.h' 'core/lane\.c|tests/.*'
only 'yaml\.h' 'core/yaml\.c'
only 'sqlite3\.h' 'core/history_file\.c|tests/.*'
only 'zstd\.h' 'core/history_grid\.c|tests/.*'
only 'cjson/cJSON\.h' 'connectors/.*|core/emit\.c|tui/state\.c|tests/.*'
sources core | xargs grep -nE '#include "\.\./' | check "an include that leaves its folder"
sources connectors views tui core | xargs grep -nE '#include "[^"]*/' | check "an include with a path"
# the core knows no system by name
sources core | xargs grep -niE '"(kafka|trino|airflow)[."]' | grep -v 'NAME\|example\|source \\"' |
    grep -v '^core/config.c.*no type' | check "a system's name in core"

# what C offers and we do not take
banned='strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|system|popen|initscr|gets|sleep|usleep|g_usleep|nanosleep|alloca'
# (tests/faults/clock.c defines some of them, to let time run faster)
sources | grep -v '^tests/faults/clock\.c$' | xargs grep -nE "(^|[^A-Za-z0-9_.])($banned) *\(" | grep -vE '^[^:]*:[0-9]+: *(\*|/\*|//)' |
    check "banned call"
sources core connectors views tui | xargs grep -nE '(^|[^A-Za-z0-9_])(clear|printf|fprintf|perror) *\(' |
    grep -vE '^[^:]*:[0-9]+: *(\*|/\*)' | check "banned call"
sources | xargs grep -nwE 'TODO|FIXME|XXX' | check "left open"

# sizes
sources core connectors views tui tests | xargs wc -l | awk '$2 != "total" && $1 > 800 {print $2 " has " $1 " lines"}' |
    check "over 800 lines"
for f in $(sources core connectors views tui); do
    awk -v f="$f" '/^\{/ {start = NR} /^\}/ {if (start && NR - start - 1 > 60)
        print f ":" start ": a function of " NR - start - 1 " lines"; start = 0}' "$f"
done | check "over 60 lines"

# scripts parse
for f in $(git ls-files -co --exclude-standard -- '*.sh' tests/lab/lab .ci/run); do
    head -1 "$f" | grep -q bash && shell=bash || shell=sh
    $shell -n "$f" 2>&1
done | check "shell syntax"

# what the README says is what the tables say
if [ -x "$BUILD/weir" ]; then
    sh tests/readme.sh check 2>&1 | check "README"
fi

[ -s "$findings" ] && exit 1
echo "lint: fine"
