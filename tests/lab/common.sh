# shellcheck shell=bash
#
# What all scripts of the lab share: where things live, how a step is shown, how a server is
# started, watched and ended, and how missing Debian packages are named.
#
# Every server or workload is one process session with a pid file in $LAB_ROOT/run. The pid file
# holds the pid and the start time that the kernel gives it, so that a pid which the system has
# handed to somebody else is never taken for ours. Ending a server ends its whole tree: Airflow's
# workers, PostgreSQL's backends and the sessions of sshd are not left behind.
#
# All waiting is polling with a bound and with an eye on the process that is waited for.

set -euo pipefail
umask 022
# Numbers are printed with a point and sorted by byte whatever the user's locale is; PostgreSQL and
# Python want UTF-8.
export LC_ALL=C.UTF-8

LAB_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_CLONE=$(cd "$LAB_HERE/../.." && pwd)
LAB_ROOT=${LAB_ROOT:-/var/tmp/weir-lab}
LAB_OUT=${LAB_OUT:-build/lab}
case $LAB_OUT in /*) ;; *) LAB_OUT=$LAB_CLONE/$LAB_OUT ;; esac
LAB_NICE=${LAB_NICE:-5}
# Whose lines these are; each system's script sets its own.
LAB_NAME=${LAB_NAME:-lab}
# How long a client of a package registry may take, seconds.
LAB_FETCH_MAX=${LAB_FETCH_MAX:-1500}
export LAB_ROOT LAB_OUT LAB_NICE

# ---- words to the user ---------------------------------------------------------------------------

# A line is written in one piece, because several systems come up at once. LAB_LIVE is set while the
# live counter of `lab` owns the last line of the terminal: wipe it first.
say() { printf '%s%-12s %s\n' "${LAB_LIVE:+$'\r\e[K'}" "$LAB_NAME" "$*"; }

warn() { printf '%s%-12s %s\n' "${LAB_LIVE:+$'\r\e[K'}" "$LAB_NAME" "$*" >&2; }

die() {
    warn "$*"
    exit 1
}

seconds_since() { # BEGIN (microseconds) -> "3.4"
    local tenths=$(((${EPOCHREALTIME/./} - $1) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# step TEXT COMMAND...: runs COMMAND with its output in a log and shows one line with the time taken.
# The script ends here when COMMAND fails, after the last lines of the log: those say what to do.
# COMMAND runs in a subshell, so it leaves its results in files. Never call step in a condition,
# where bash ignores `set -e` all the way down.
step() {
    local text=$1 begin=${EPOCHREALTIME/./} log=$LAB_ROOT/log/$LAB_NAME-steps.log rc
    shift
    printf '%s\t%s\n' "$begin" "$text" >"$LAB_ROOT/run/step.$LAB_NAME"
    set +e
    (
        set -e
        "$@"
    ) >"$log" 2>&1
    rc=$?
    set -e
    rm -f "$LAB_ROOT/run/step.$LAB_NAME"
    if ((rc != 0)); then
        warn "$text: FAILED after $(seconds_since "$begin") s (whole log: $log)"
        tail -n 15 "$log" | cut -c1-400 | sed 's/^/          | /' >&2
        exit 1
    fi
    say "$(printf '%-48s %6s s' "$text" "$(seconds_since "$begin")")"
}

# ---- the folder ----------------------------------------------------------------------------------

# /var/tmp is open to everybody and the lab runs programs from its folder: a folder that another
# user made is refused.
lab_root_open() {
    local link=$LAB_ROOT
    case $LAB_ROOT in
    *[!A-Za-z0-9._/-]* | '' | [!/]*) die "LAB_ROOT must be an absolute path of letters, digits and ._- (is: $LAB_ROOT)" ;;
    esac
    [ ! -L "$link" ] || die "$LAB_ROOT is a symbolic link; give the real path in LAB_ROOT"
    mkdir -p "$LAB_ROOT"
    [ -O "$LAB_ROOT" ] || die "$LAB_ROOT belongs to $(stat -c %U "$LAB_ROOT"): stop that lab as that user, or set LAB_ROOT to a folder of your own"
    if [ ! -e "$LAB_ROOT/.weir-lab" ]; then
        [ -z "$(ls -A "$LAB_ROOT")" ] || die "$LAB_ROOT is not empty and not a lab: set LAB_ROOT to another folder"
        : >"$LAB_ROOT/.weir-lab"
    fi
    chmod 755 "$LAB_ROOT"
    mkdir -p "$LAB_ROOT"/{run,log,cache}
    export PIP_CACHE_DIR=$LAB_ROOT/cache/pip UV_CACHE_DIR=$LAB_ROOT/cache/uv
}

# One command at a time changes the lab. The servers get the descriptor closed (proc_start), so the
# lock ends with the command. A script that `lab` calls runs under the lock of `lab`.
lab_lock() {
    [ -z "${LAB_LOCKED:-}" ] || return 0
    exec 9>>"$LAB_ROOT/lock"
    if ! flock -n 9; then
        say "another lab command is at work ($(tail -n 1 "$LAB_ROOT/lock")), waiting for it"
        flock -w 1800 9 || die "it still holds $LAB_ROOT/lock after 30 minutes: end it first"
    fi
    printf 'pid %s: %s\n' $$ "$LAB_NAME $*" >"$LAB_ROOT/lock"
    export LAB_LOCKED=$$
}

# A system that `up` has started and `down` has not ended: what `status` shows and what the
# configuration for weir holds, also while a test has taken the server away.
wanted_set() { : >"$LAB_ROOT/run/wanted.$1"; }
wanted_clear() { rm -f "$LAB_ROOT/run/wanted.$1"; }
wanted() { [ -e "$LAB_ROOT/run/wanted.$1" ]; }

# ---- processes -----------------------------------------------------------------------------------

# proc_field PID N: field N of /proc/PID/stat counted from the state (1), which comes after the
# command name. 1 state, 2 parent, 4 session, 20 start time.
proc_field() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }"
    printf '%s' "${fields[$2 - 1]}"
}

# proc_same PID START: still that process? A zombie counts as gone: some containers' first process
# never reaps.
proc_same() {
    [ "$(proc_field "$1" 20)" = "$2" ] && [ "$(proc_field "$1" 1)" != Z ]
}

# proc_pid NAME: the pid when the process lives.
proc_pid() {
    local pid='' start=''
    { read -r pid start <"$LAB_ROOT/run/$1.pid"; } 2>/dev/null || return 1
    [ -n "$start" ] && proc_same "$pid" "$start" && printf '%s' "$pid"
}

proc_alive() { [ -n "$(proc_pid "$1")" ]; }

# proc_start NAME COMMAND...: in the background, in its own session, with the log of the run before
# kept beside the new one. WEIR_LAB marks the process and all its children, for the sweep at the end
# of `lab down`.
proc_start() {
    local name=$1 log=$LAB_ROOT/log/$1.log pid
    shift
    [ ! -s "$log" ] || mv -f "$log" "$log.1"
    WEIR_LAB=$LAB_ROOT setsid nice -n "$LAB_NICE" "$@" >"$log" 2>&1 </dev/null 9>&- &
    pid=$!
    printf '%s %s\n' "$pid" "$(proc_field "$pid" 20)" >"$LAB_ROOT/run/$name.pid"
}

# proc_tree PID: PID, its descendants and whatever else lives in its session, one "pid start" a line.
proc_tree() {
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$1" '
        {
            pid = $1
            sub(/^.*\) /, "")
            up[pid] = $2
            session[pid] = $4
            start[pid] = $20
        }
        function ours(p,    hops) {
            for (hops = 0; p > 1 && hops < 64; hops++) {
                if (p == root || session[p] == root) return 1
                p = up[p]
            }
            return 0
        }
        END { for (p in up) if (ours(p)) print p, start[p] }'
}

# proc_signal NAME SIGNAL: to the whole tree, so that a frozen server is frozen with its sessions.
proc_signal() {
    local pid p
    pid=$(proc_pid "$1") || return 1
    while read -r p _; do kill -s "$2" "$p" 2>/dev/null || true; done < <(proc_tree "$pid")
}

# procs_end SIGNAL SECONDS "PID START"...: signals and waits; fails when one still lives.
procs_end() {
    local signal=$1 end=$((SECONDS + $2)) left=() one
    shift 2
    for one; do
        # shellcheck disable=SC2086 # a pair by design
        if proc_same $one; then kill -s "$signal" "${one% *}" 2>/dev/null || true; fi
    done
    while :; do
        left=()
        for one; do
            # shellcheck disable=SC2086
            if proc_same $one; then left+=("$one"); fi
        done
        ((${#left[@]} > 0)) || return 0
        ((SECONDS < end)) || return 1
        set -- "${left[@]}"
        pause
    done
}

# proc_stop NAME [SIGNAL [SECONDS]]: asks the server to end, then ends what is left of its tree.
proc_stop() {
    local name=$1 signal=${2:-TERM} limit=${3:-20} pid tree=()
    if pid=$(proc_pid "$name"); then
        proc_signal "$name" CONT || true
        mapfile -t tree < <(proc_tree "$pid")
        procs_end "$signal" "$limit" "$pid $(proc_field "$pid" 20)" || true
        # Children that the server did not take along, and those it made meanwhile.
        mapfile -t -O "${#tree[@]}" tree < <(proc_tree "$pid")
        procs_end TERM 2 "${tree[@]}" || procs_end KILL 10 "${tree[@]}" || die "$name: pid $pid or a child of it does not end"
    fi
    rm -f "$LAB_ROOT/run/$name.pid"
}

# The one place that sleeps: between two looks at a condition. PAUSE for conditions that cost more.
pause() { sleep "${PAUSE:-0.2}"; }

# marked_end MARK: ends processes that carry WEIR_LAB=MARK in their environment and have left the tree
# of their server, as a daemon does.
marked_end() {
    local file pid start pairs=()
    for file in /proc/[0-9]*/environ; do
        grep -qzxF "WEIR_LAB=$1" "$file" 2>/dev/null || continue
        pid=${file#/proc/} pid=${pid%/environ}
        if start=$(proc_field "$pid" 20); then pairs+=("$pid $start"); fi
    done
    ((${#pairs[@]} > 0)) || return 0
    say "left over, ended now: pids ${pairs[*]% *}"
    procs_end TERM 3 "${pairs[@]}" || procs_end KILL 10 "${pairs[@]}"
}

# wait_until SECONDS "NAME..." COMMAND...: until COMMAND succeeds. Fails when one of the processes ends
# or the time is up, and shows the end of its log, which is what a reader needs next.
wait_until() {
    local limit=$1 names=$2 end=$((SECONDS + $1)) name why
    shift 2
    until "$@" >/dev/null 2>&1; do
        why=
        for name in $names; do
            if ! proc_alive "$name"; then
                why="$name has ended"
                break
            fi
        done
        if [ -z "$why" ] && ((SECONDS >= end)); then
            name=${names%% *}
            why="no success within $limit s: $*"
        fi
        if [ -n "$why" ]; then
            tail -n 12 "$LAB_ROOT/log/$name.log" || true
            echo "$why (log: $LAB_ROOT/log/$name.log)."
            echo "Try 'tests/lab/lab down' and 'tests/lab/lab up' again; to begin from nothing, remove $LAB_ROOT between the two."
            return 1
        fi
        pause
    done
}

# status_row NAME WHERE: one line for `lab status`. Fails when the process is not there.
status_row() {
    local name=$1 where=$2 pid state=up memory=0 ticks=0 hz up p stat fields part
    if ! pid=$(proc_pid "$name"); then
        state=stopped
        [ ! -e "$LAB_ROOT/run/$name.pid" ] || state=died
        printf '%-22s %-18s %s\n' "$name" "$where" "$state"
        return 1
    fi
    while read -r p _; do
        # The proportional share, because Airflow's and PostgreSQL's children share most of theirs.
        part=$(awk '$1 == "Pss:" { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null) || continue
        memory=$((memory + ${part:-0}))
        { stat=$(<"/proc/$p/stat"); } 2>/dev/null || continue
        read -ra fields <<<"${stat##*) }"
        ticks=$((ticks + fields[11] + fields[12]))
        if [ "$p" = "$pid" ]; then
            # Time of children that have ended belongs to the server, too.
            ticks=$((ticks + fields[13] + fields[14]))
            case ${fields[0]} in T | t) state=frozen ;; esac
        fi
    done < <(proc_tree "$pid")
    hz=$(getconf CLK_TCK)
    read -r up _ </proc/uptime
    printf '%-22s %-18s %-8s %7d %6d %8d %8d\n' "$name" "$where" "$state" "$pid" \
        $((memory / 1024)) $((ticks / hz)) $((${up%.*} - $(proc_field "$pid" 20) / hz))
}

# ---- ports ---------------------------------------------------------------------------------------

# listeners ADDRESS PORT: the socket inodes that hold it (also by listening on every address).
listeners() {
    local a b c d hex
    IFS=. read -r a b c d <<<"$1"
    hex=$(printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$(printf %04X "$2")" -v addr="$hex" '
        $4 == "0A" && split($2, at, ":") == 2 && at[2] == port {
            mapped = "0000000000000000FFFF0000"
            if (at[1] == addr || at[1] == "00000000" || at[1] == mapped addr || at[1] == mapped "00000000" ||
                at[1] == "00000000000000000000000000000000") print $10
        }'
}

port_open() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# port_ours NAME ADDRESS PORT: does the process NAME (or a child) hold the port? Two labs on one
# machine have met on a port before, and one wrote into the other's database.
port_ours() {
    local pid inode p
    pid=$(proc_pid "$1") || return 1
    for inode in $(listeners "$2" "$3"); do
        while read -r p _; do
            [ -z "$(find "/proc/$p/fd" -lname "socket:\[$inode\]" 2>/dev/null)" ] || return 0
        done < <(proc_tree "$pid")
    done
    return 1
}

# port_free NAME ADDRESS PORT...: before NAME starts. Says who is in the way.
port_free() {
    local name=$1 address=$2 port inode holder
    shift 2
    for port; do
        inode=$(listeners "$address" "$port" | head -n 1) || true
        [ -n "$inode" ] || continue
        holder=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | head -n 1) || true
        holder=${holder#/proc/} holder=${holder%%/*}
        if [ -n "$holder" ]; then
            holder="pid $holder ($(tr -c '[:print:]' ' ' <"/proc/$holder/cmdline" | cut -c1-100))"
        else
            holder="a process of another user"
        fi
        die "port $address:$port for $name is held by $holder, which this lab did not start: end it, then try again"
    done
}

# http_get ADDRESS PORT PATH: the body of a 200 answer. No program is needed, which makes it cheap
# enough to poll with. A server that accepts and stays silent costs three seconds. A subshell, so that
# the descriptor ends with it.
http_get() (
    { exec 3<>"/dev/tcp/$1/$2"; } 2>/dev/null || exit 1
    printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\nX-Trino-User: lab\r\n\r\n' "$3" "$1" "$2" >&3
    IFS= read -r -t 3 status <&3 || exit 1
    case $status in *' 200 '*) ;; *) exit 1 ;; esac
    while IFS= read -r -t 3 line <&3 && [ "$line" != $'\r' ]; do :; done
    while IFS= read -r -t 3 line <&3 || [ -n "$line" ]; do printf '%s\n' "$line"; done
)

# ---- what must be on the machine -----------------------------------------------------------------

have_java() { java_find "$1" >/dev/null; }
have_python() { python_find >/dev/null; }
have_postgres() { postgres_bin >/dev/null; }
have_sshd() { [ -x /usr/sbin/sshd ]; }
have_command() { [ -n "$(type -P "$1")" ]; }

# lab_packages: reads "package check..." lines, says what is missing and installs it as root, or
# names it and stops. The one place where the lab touches the system's packages.
lab_packages() {
    local package check missing=() root=()
    while read -r package check; do
        # shellcheck disable=SC2086 # a check is a function and its arguments
        if ! $check && [[ " ${missing[*]} " != *" $package "* ]]; then missing+=("$package"); fi
    done
    ((${#missing[@]} > 0)) || return 0
    say "Debian packages missing: ${missing[*]}"
    if ! have_command apt-get; then die "install what these packages hold with your system's own tools, then try again"; fi
    if ((EUID != 0)); then
        if have_command sudo && sudo -n true 2>/dev/null; then
            root=(sudo -n)
        else
            die "install them first: sudo apt-get install --no-install-recommends ${missing[*]}"
        fi
    fi
    step "Debian packages" packages_install "${missing[@]}"
}

units_of() { # PACKAGE...
    local package
    for package; do
        case $package in
        openssh-server) echo ssh.service ssh.socket ;;
        postgresql) echo postgresql.service ;;
        prometheus | prometheus-alertmanager) echo "$package.service" ;;
        esac
    done
}

# The lab wants the programs, not the services that Debian starts with them (sshd on every address,
# PostgreSQL's main cluster, Prometheus): policy-rc.d keeps them down while they are installed, and
# those that came with this installation are disabled for the next boot.
packages_install() {
    local policy=/usr/sbin/policy-rc.d made='' unit rc=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
        "${root[@]}" chmod 755 "$policy"
        made=1
    fi
    local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=580)
    { "${apt[@]}" install --no-install-recommends "$@" ||
        { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "$@"; }; } </dev/null 9>&- || rc=$?
    [ -z "$made" ] || "${root[@]}" rm -f "$policy"
    if ((rc == 0)) && [ -d /run/systemd/system ]; then
        for unit in $(units_of "$@"); do "${root[@]}" systemctl disable "$unit" || true; done
    fi
    return "$rc"
}

# java_find MIN: a java of at least that version: JAVA_HOME, then the newest under /usr/lib/jvm, then
# the one on the path. The version is read from the file `release`, which costs no JVM start.
java_find() {
    local home version best='' best_version=0
    for home in "${JAVA_HOME:-}" /usr/lib/jvm/* "$(path_java_home)"; do
        if [ -z "$home" ] || [ ! -x "$home/bin/java" ] || [ ! -r "$home/release" ]; then continue; fi
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
        ((${version:-0} >= $1)) || continue
        if [ "$home" = "${JAVA_HOME:-}" ]; then
            best=$home
            break
        fi
        ((version <= best_version)) || best=$home best_version=$version
    done
    [ -n "$best" ] && printf '%s/bin/java' "$best"
}

path_java_home() {
    local java
    java=$(readlink -f "$(type -P java)" 2>/dev/null) && printf '%s' "${java%/bin/java}"
}

java_major() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "${1%/bin/java}/release"; }

# python_find: an interpreter that can make virtual environments. 3.11 first: the version locks were
# made with it. 3.14 has no wheels for all of them.
python_find() {
    local name python
    for name in ${LAB_PYTHON:+"$LAB_PYTHON"} python3.11 python3 python3.12 python3.13 python3.10 /usr/bin/python3; do
        python=$("$name" -I -c 'import sys, venv, ensurepip
if not (3, 10) <= sys.version_info[:2] <= (3, 13): sys.exit(1)
print(sys.executable)' 2>/dev/null) && break
        python=
    done
    [ -n "$python" ] && printf '%s' "$python"
}

postgres_bin() {
    local bin
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$bin/postgres" ] && printf '%s' "$bin"
}

# ---- installing ----------------------------------------------------------------------------------

# stamp_ok DIR FILE...: DIR was completed from just these inputs. stamp_set writes that down. A
# folder whose inputs changed, or that was left half done, is made anew.
stamp_ok() {
    local dir=$1
    shift
    [ "$(cat "$dir/.lab-stamp" 2>/dev/null)" = "$(cat "$@" | sha256sum)" ]
}
stamp_set() {
    local dir=$1
    shift
    cat "$@" | sha256sum >"$dir/.lab-stamp"
}

# The clients of the registries run as they are configured on this machine. They get a bound, and
# the lock's descriptor stays here.
fetch() { nice -n "$LAB_NICE" timeout --foreground "$LAB_FETCH_MAX" "$@" </dev/null 9>&-; }

# venv_make DIR REQUIREMENTS: a virtual environment with exactly these versions. uv takes 2 seconds
# for Airflow where pip takes 86. It does not read pip's configuration, so an index from there is
# handed on; and it would not trust a company's own CA that the system trusts.
venv_make() {
    local dir=$1 lock=$2 uv=$LAB_ROOT/cache/uv-tool python index
    python=$(python_find) || die "no Python from 3.10 to 3.13 with the venv module: set LAB_PYTHON"
    (
        flock 8
        stamp_ok "$uv" "$LAB_HERE/requirements-uv.txt" || {
            rm -rf "$uv"
            fetch "$python" -m venv "$uv"
            fetch "$uv/bin/pip" install -q --disable-pip-version-check -r "$LAB_HERE/requirements-uv.txt"
            stamp_set "$uv" "$LAB_HERE/requirements-uv.txt"
        }
    ) 8>>"$LAB_ROOT/cache/uv-tool.lock"
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        index=$("$uv/bin/pip" config get global.index-url 2>/dev/null || true)
        index=${PIP_INDEX_URL:-$index}
        [ -z "$index" ] || export UV_DEFAULT_INDEX=$index
    fi
    if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true}; fi
    rm -rf "$dir"
    UV_LINK_MODE=copy fetch "$uv/bin/uv" venv -q --no-python-downloads -p "$python" "$dir"
    UV_LINK_MODE=copy fetch "$uv/bin/uv" pip sync -q -p "$dir/bin/python" "$lock"
    stamp_set "$dir" "$lock"
}

# maven DIR POM GOAL...: the Maven client with a local repository of its own in DIR, because two
# Mavens must not share one, and so that nothing outside LAB_ROOT grows.
maven() {
    local repo=$1 pom=$2
    shift 2
    fetch mvn -q -B -Dstyle.color=never "-Dmaven.repo.local=$repo" -f "$pom" "$@" || {
        echo "Maven could not fetch: look at the lines above; behind a mirror or proxy, configure ~/.m2/settings.xml."
        return 1
    }
}

# ---- verbs that every system has -----------------------------------------------------------------

# lab_verb VERB NAME...: a system's script defines up_NAME, down_NAME, status_NAME, settled_NAME (are
# the states there that the workload makes?) and needs_NAME (lines for lab_packages) for each of its
# systems, with underscores for dashes.
lab_verb() {
    local verb=$1 name rc=0
    shift
    case $verb in
    up | down)
        lab_root_open
        lab_lock "$verb $*"
        # `lab up` has asked for all systems at once.
        if [ "$verb" = up ] && [ -z "${LAB_NEEDS_MET:-}" ]; then
            for name; do "needs_${name//-/_}"; done | lab_packages
        fi
        for name; do
            LAB_NAME=$name
            if [ "$verb" = up ]; then
                "up_${name//-/_}"
            elif wanted "$name" || compgen -G "$LAB_ROOT/run/*$name*.pid" >/dev/null; then
                step "down" "down_${name//-/_}"
            fi
        done
        ;;
    needs | status)
        for name; do "${verb}_${name//-/_}" || rc=1; done
        return "$rc"
        ;;
    esac
}

# server_verb VERB NAME [SIGNAL [SECONDS]]: takes one server away from under weir and gives it back. Each system
# defines server_start NAME, which also waits until the server answers.
server_verb() {
    local verb=$1 name=$2
    lab_root_open
    case $verb in
    stop-server)
        lab_lock "$verb $name"
        proc_stop "$name" "${3:-TERM}" "${4:-20}"
        ;;
    kill-server)
        lab_lock "$verb $name"
        proc_stop "$name" KILL
        ;;
    start-server)
        lab_lock "$verb $name"
        if ! proc_alive "$name"; then step "$name" server_start "$name"; fi
        ;;
    freeze) proc_signal "$name" STOP || die "$name is not running" ;;
    thaw) proc_signal "$name" CONT || die "$name is not running" ;;
    esac
}
