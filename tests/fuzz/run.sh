#!/bin/sh
# Fuzzes everything that reads what others wrote. tests/fuzz/run.sh [SECONDS [NAME...]]: builds every
# tests/fuzz/fuzz_NAME.c with clang and the objects it needs, and runs each for SECONDS (30) on its
# corpus. One TAP line each; a crash, a leak or an input that takes longer than a second fails, and
# lies in $BUILD/artefacts then: run $BUILD/fuzz_NAME on it to see it again.
cd "$(dirname "$0")/../.." || exit 2
SECONDS_EACH=${1:-30}
[ $# -gt 0 ] && shift
BUILD=${BUILD:-build/fuzz}
SANITIZE=address,undefined
CC=${CC:-clang}
if ! command -v "$CC" >/dev/null; then
    echo "1..0 # SKIP no clang"
    exit 0
fi
names=${*:-$(ls tests/fuzz/fuzz_*.c | sed 's,.*/fuzz_\(.*\)\.c,\1,')}
mkdir -p "$BUILD/artefacts"
log=$BUILD/build.log
: >"$log"

objects() { # of sources, in the build folder
    for source in "$@"; do
        echo "$BUILD/obj/${source%.c}.o"
    done
}
build() {
    make -k -j2 BUILD="$BUILD" CC="$CC" SANITIZE=fuzzer-no-link,$SANITIZE "$@" >>"$log" 2>&1
}

# The program but its main(), whole: views and derived kinds register themselves in linker sections.
# The connectors as an archive: a target takes what it names, and a file that does not compile at the
# moment stops only the targets that need it.
part=$(objects core/*.c core/derived/*.c views/*.c $(ls tui/*.c | grep -v /main.c))
part="$part $BUILD/obj/themes.o $BUILD/obj/terminfo.o"
connectors=$(objects connectors/*/*.c)
build $part || { tail -20 "$log"; exit 1; }
build $connectors
rm -f "$BUILD/connectors.a"
ar rcs "$BUILD/connectors.a" $(ls $connectors 2>/dev/null) 2>>"$log"
# So is the simulated platform, for its plots.
sim="$(objects $(ls tests/sim/*.c | grep -v /main.c)) $BUILD/obj/sim_resources.o"
build $sim
rm -f "$BUILD/sim.a"
ar rcs "$BUILD/sim.a" $(ls $sim 2>/dev/null) 2>>"$log"
libraries="$(pkg-config --libs glib-2.0 gio-2.0 yaml-0.1 libcjson sqlite3 libzstd ncursesw) -lm"
more="$(pkg-config --libs libcurl libssh2) $(sh deps.sh rdkafka-flags libs)"

# -Wno-unused-variable: a target may make a thing only to see that it can be made.
link() { # name
    build CFLAGS="-iquote connectors -iquote connectors/transport -Wno-unused-variable" \
        "$BUILD/obj/tests/fuzz/fuzz_$1.o" &&
        "$CC" -fsanitize=fuzzer,$SANITIZE "$BUILD/obj/tests/fuzz/fuzz_$1.o" $part \
            "$BUILD/connectors.a" "$BUILD/sim.a" -Wl,--as-needed $libraries $more -o "$BUILD/fuzz_$1" >>"$log" 2>&1
}

# G_SLICE: GLib's own allocator would hide errors. What others set for sanitizers is not asked.
run() { # name, then arguments of libFuzzer
    target=$BUILD/fuzz_$1
    shift
    env -u LSAN_OPTIONS G_SLICE=always-malloc ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
        "$target" -timeout=1 -rss_limit_mb=2048 "$@"
}

fuzz() { # name
    mkdir -p "$BUILD/corpus/$1"
    out=$BUILD/fuzz_$1.log
    touch "$BUILD/fuzz_$1.started"
    run "$1" -max_total_time="$SECONDS_EACH" -max_len=4096 -print_final_stats=1 -verbosity=1 \
        -artifact_prefix="$BUILD/artefacts/$1-" "$BUILD/corpus/$1" "tests/fuzz/corpus/$1" \
        >"$out" 2>&1 && return 0
    # A busy machine makes anything slow: an input counts as slow when it is so by itself.
    slow=$(find "$BUILD/artefacts" -name "$1-timeout-*" -newer "$BUILD/fuzz_$1.started" | head -1)
    [ -n "$slow" ] || return 1
    for again in 1 2 3; do
        run "$1" "$slow" >"$BUILD/fuzz_$1.again.log" 2>&1 && { rm -f "$slow"; return 0; }
    done
    return 1
}

# Prints what comes after "ok" or "not ok" and its number.
one() { # name
    echo "# $1 for $SECONDS_EACH s" >&2
    if ! link "$1"; then
        echo "not ok - $1 does not build: $log"
    elif fuzz "$1"; then
        runs=$(sed -n 's/stat::number_of_executed_units: *//p' "$BUILD/fuzz_$1.log")
        echo "ok - $1: ${runs:-?} inputs in $SECONDS_EACH s"
    else
        echo "not ok - $1: $BUILD/fuzz_$1.log"
        grep -E 'ERROR|SUMMARY|runtime error|ALARM|assertion' "$BUILD/fuzz_$1.log" | head -5 |
            sed 's/^/# /'
    fi
}

# As many at a time as there are processors.
started=0
for name in $names; do
    one "$name" >"$BUILD/fuzz_$name.tap" &
    started=$((started + 1))
    [ $((started % $(nproc))) -eq 0 ] && wait
done
wait
echo "1..$started"
for name in $names; do
    cat "$BUILD/fuzz_$name.tap"
done
! grep -q '^not ok' $(printf "$BUILD/fuzz_%s.tap " $names)
