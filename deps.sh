#!/bin/sh
# What weir is built from. `sh deps.sh` installs the Debian packages that are missing and, where the
# system's librdkafka is older than 2.6.1, builds a newer one into the user's cache; it says what it
# does and shows progress. `sh deps.sh check` only tells (exit 1 when something is missing), and
# `sh deps.sh rdkafka-flags cflags|libs` prints the compiler's flags for librdkafka.
#
# Why 2.6.1: older clients send their nonce twice in SCRAM, which Kafka >= 4.0 refuses as a wrong
# password (CVE-2024-56128 made brokers strict).
set -eu

RDKAFKA_MIN=2.6.1
RDKAFKA_NEW=2.15.1
RDKAFKA_NPM=@confluentinc/kafka-javascript@1.10.1 # carries librdkafka's C source, BSD-2
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/weir/librdkafka-$RDKAFKA_NEW

# Debian package, and the pkg-config module or command that proves it is there.
PACKAGES="
build-essential     cmd:cc
pkg-config          cmd:pkg-config
libncurses-dev      ncursesw
ncurses-bin         cmd:infocmp
libglib2.0-dev      glib-2.0
libyaml-dev         yaml-0.1
libcjson-dev        libcjson
libsqlite3-dev      sqlite3
libzstd-dev         libzstd
libcurl4-openssl-dev libcurl
libssh2-1-dev       libssh2
libssl-dev          libssl
"
# For the tests and the lint only.
TEST_PACKAGES="
libvterm-dev        vterm
libmicrohttpd-dev   libmicrohttpd
perl                cmd:prove
clang               cmd:clang
libclang-rt-14-dev  file:/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.fuzzer-x86_64.a
clang-format        cmd:clang-format
openssh-client      cmd:ssh
busybox             cmd:busybox
openssl             cmd:openssl
tmux                cmd:tmux
screen              cmd:screen
python3             cmd:python3
strace              cmd:strace
"
# To build librdkafka where the system's is too old.
RDKAFKA_PACKAGES="
libsasl2-dev        libsasl2
zlib1g-dev          zlib
npm                 cmd:npm
"

have() {
    case $1 in
    cmd:*) command -v "${1#cmd:}" >/dev/null ;;
    file:*) # a package of one Debian release: only asked for where that release has it
        [ -e "${1#file:}" ] || [ ! -d "$(dirname "$(dirname "$(dirname "$(dirname "$(dirname "${1#file:}")")")")")" ] ;;
    *) command -v pkg-config >/dev/null && pkg-config --exists "$1" ;;
    esac
}

# names of the packages of a list whose proof is absent
missing() {
    echo "$1" | while read -r package proof; do
        [ -z "$package" ] || have "$proof" || printf '%s ' "$package"
    done
}

system_rdkafka() {
    command -v pkg-config >/dev/null && pkg-config --exists "rdkafka >= $RDKAFKA_MIN"
}

own_rdkafka() {
    [ -s "$CACHE/lib/librdkafka.a" ] && [ -s "$CACHE/include/librdkafka/rdkafka.h" ]
}

wanted() {
    missing "$PACKAGES$TEST_PACKAGES"
    system_rdkafka || own_rdkafka || missing "$RDKAFKA_PACKAGES"
}

install_packages() {
    packages=$(wanted)
    [ -n "$packages" ] || return 0
    if ! command -v apt-get >/dev/null; then
        echo "deps: this system has no apt-get. Please install (Debian names): $packages" >&2
        exit 1
    fi
    sudo=
    if [ "$(id -u)" != 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null || {
            echo "deps: not root and no sudo. Please install: $packages" >&2
            exit 1
        }
    fi
    echo "deps: installing $packages"
    # -qq hides the lists, not the errors; each package is one line of progress
    $sudo apt-get update -qq
    # shellcheck disable=SC2086 # one word per package
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=580 $packages | grep -E '^(Setting up|E:)' || true
    left=$(wanted)
    [ -z "$left" ] || {
        echo "deps: still missing after the installation: $left" >&2
        exit 1
    }
}

build_rdkafka() {
    system_rdkafka || own_rdkafka || {
        echo "deps: the system's librdkafka is older than $RDKAFKA_MIN; building $RDKAFKA_NEW (about two minutes)"
        mkdir -p "$CACHE"
        work=$(mktemp -d "$CACHE/build.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        (
            cd "$work"
            npm pack --silent "$RDKAFKA_NPM" >pack.out
            tar xzf ./*.tgz --strip-components=3 package/deps/librdkafka
            # pthreads rather than C11 threads: the thread sanitizer knows only the former.
            # (No file named configure.* may lie here: its build system takes that for a module.)
            ./configure --prefix="$CACHE" --disable-curl --disable-c11threads >log.txt 2>&1
            rm -rf "${CACHE:?}/lib" "$CACHE/include"
            make -j"$(nproc)" -C src librdkafka.a 2>&1 | tee -a log.txt |
                awk '/ -c /{n++; if (n % 20 == 0) {printf "deps: librdkafka: %d files\n", n; fflush()}}'
            mkdir -p "$CACHE/lib" "$CACHE/include/librdkafka"
            cp src/rdkafka.h src/rdkafka_mock.h "$CACHE/include/librdkafka/"
            cp LICENSES.txt "$CACHE/"
            cp src/librdkafka.a "$CACHE/lib/"
        ) || {
            echo "deps: building librdkafka failed; the log:" >&2
            tail -20 "$work/log.txt" >&2
            exit 1
        }
        echo "deps: librdkafka $RDKAFKA_NEW is in $CACHE"
    }
}

rdkafka_flags() {
    if system_rdkafka; then
        pkg-config "--$1" rdkafka
    elif [ "$1" = cflags ]; then
        echo "-isystem $CACHE/include"
    else
        echo "$CACHE/lib/librdkafka.a -lsasl2 -lzstd -lssl -lcrypto -lz -lm -ldl -lpthread"
    fi
}

case ${1:-install} in
install)
    install_packages
    build_rdkafka
    echo "deps: everything is there"
    ;;
check)
    left=$(wanted)
    system_rdkafka || own_rdkafka || left="$left librdkafka>=$RDKAFKA_MIN"
    [ -z "$left" ] || {
        echo "deps: missing: $left"
        exit 1
    }
    ;;
rdkafka-flags) rdkafka_flags "${2:-libs}" ;;
*)
    echo "usage: deps.sh [install|check|rdkafka-flags cflags|libs]" >&2
    exit 2
    ;;
esac
