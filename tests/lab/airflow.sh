#!/usr/bin/env bash
#
# Airflow in the lab.
#
#   airflow.sh up|down|status
#   airflow.sh stop-server|kill-server|start-server|freeze|thaw [COMPONENT]   default: api-server
#   airflow.sh trigger DAG [CONF]      a run of its own; prints its id
#   airflow.sh cli ARGS... | psql ARGS...
#
# Airflow 3.3.2 at http://127.0.0.1:18081 with the components api-server, scheduler, dag-processor and
# triggerer, and a PostgreSQL of its own (component pg, 127.0.0.1:25481): on SQLite a clear answers 500
# and a backfill 503 as soon as tasks run. Users admin, op, user, viewer; the password is the name.

# main exits, which shellcheck 0.9 takes for the death of everything above it.
# shellcheck disable=SC2317
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

HERE=$LAB_HERE/airflow
DIR=$LAB_ROOT/airflow
PORT=18081
PORT_PG=25481
LAB_NAME=airflow
COMPONENTS=(api-server scheduler dag-processor triggerer)

needs_airflow() {
    cat <<'END'
postgresql have_postgres
python3-venv have_python
openssl have_command openssl
END
}

# ---- settings ------------------------------------------------------------------------------------

# secret NAME: random, made once, readable by the lab's user only.
secret() {
    local file=$DIR/secrets/$1
    if [ ! -s "$file" ]; then
        (umask 077 && mkdir -p "$DIR/secrets" && openssl rand -hex 32 >"$file")
    fi
    cat "$file"
}

secrets_make() {
    local name
    for name in api jwt pg; do secret "$name" >/dev/null; done
    # Fernet wants 32 bytes in URL-safe base64.
    [ -s "$DIR/secrets/fernet" ] || (umask 077 && openssl rand -base64 32 | tr '+/' '-_' >"$DIR/secrets/fernet")
    # What weir's configuration names with {file: ...}.
    (umask 077 && printf 'admin\n' >"$DIR/secrets/admin")
    (umask 077 && printf '{"admin":"admin","op":"op","user":"user","viewer":"viewer"}\n' >"$DIR/secrets/passwords.json")
}

# Everything by environment: airflow.cfg keeps the defaults of the release.
airflow_settings() {
    export AIRFLOW_HOME=$DIR/home NO_COLOR=1
    # The clone stays free of byte code, and the executor of lab_no_worker is found.
    export PYTHONPYCACHEPREFIX=$DIR/pycache PYTHONPATH=$DIR/lib
    export AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER=$DIR/dags
    export AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST='[{"name":"lab","classpath":"airflow.dag_processing.bundles.local.LocalDagBundle","kwargs":{"path":"'$DIR/dags'","refresh_interval":30}}]'
    export AIRFLOW__CORE__EXECUTOR=LocalExecutor,NoWorker:lab_executor.NoWorkerExecutor
    export AIRFLOW__CORE__PARALLELISM=6 AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://postgres:$(secret pg)@127.0.0.1:$PORT_PG/airflow
    AIRFLOW__CORE__FERNET_KEY=$(<"$DIR/secrets/fernet")
    AIRFLOW__API__SECRET_KEY=$(secret api)
    AIRFLOW__API_AUTH__JWT_SECRET=$(secret jwt)
    export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN AIRFLOW__CORE__FERNET_KEY AIRFLOW__API__SECRET_KEY AIRFLOW__API_AUTH__JWT_SECRET
    export AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$PORT AIRFLOW__API__WORKERS=1
    export AIRFLOW__API__BASE_URL=http://127.0.0.1:$PORT AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$PORT/execution/
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,op:op,user:user,viewer:viewer
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$DIR/secrets/passwords.json
    # The machine is small: one parser that looks again only at files that changed, and a scheduler
    # that rests for two seconds when it has nothing to do.
    export AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES=1 AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL=30
    export AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL=86400
    export AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME=2
    # lab_no_worker stays queued; Airflow would give up after ten minutes.
    export AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT=31536000
    export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
}

airflow_cli() {
    airflow_settings
    "$DIR/venv/bin/airflow" "$@"
}

# ---- PostgreSQL ----------------------------------------------------------------------------------

# PostgreSQL refuses to run as root. Debian's package brings the user postgres.
as_postgres=()
if ((EUID == 0)); then as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups --); fi

pg_psql() { PGPASSWORD=$(secret pg) "$(postgres_bin)/psql" -qAtX -h 127.0.0.1 -p "$PORT_PG" -U postgres "$@"; }

pg_init() {
    local data=$DIR/pg
    # With the database go the marks for what it held.
    rm -rf "$data" "$DIR/home/.lab-stamp" "$DIR/seeded"
    mkdir -p "$data"
    (umask 077 && secret pg >"$data.password")
    if ((EUID == 0)); then chown postgres: "$data" "$data.password"; fi
    chmod 700 "$data"
    cd "$data"
    # A password although it is loopback: a superuser of PostgreSQL runs programs as its user.
    "${as_postgres[@]}" "$(postgres_bin)/initdb" -D "$data" -U postgres -E UTF8 --locale=C.UTF-8 --no-sync \
        -A scram-sha-256 --pwfile="$data.password"
    rm "$data.password"
    # The data can be made again, so nothing waits for the disk.
    cat >>"$data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $PORT_PG
unix_socket_directories = ''
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
max_connections = 80
jit = off
log_timezone = 'UTC'
END
    : >"$data/lab-complete"
}

pg_start() {
    port_free airflow-pg 127.0.0.1 "$PORT_PG"
    [ -e "$DIR/pg/lab-complete" ] || pg_init
    rm -f "$DIR/pg/postmaster.pid"
    cd "$DIR/pg"
    proc_start airflow-pg "${as_postgres[@]}" "$(postgres_bin)/postgres" -D "$DIR/pg"
    wait_until 60 airflow-pg pg_psql -c 'select 1'
    [ "$(pg_psql -c 'show data_directory')" = "$DIR/pg" ] || die "127.0.0.1:$PORT_PG is another server"
    [ -n "$(pg_psql -c "select 1 from pg_database where datname = 'airflow'")" ] || pg_psql -c 'create database airflow'
}

# ---- Airflow -------------------------------------------------------------------------------------

migrate() {
    airflow_cli db migrate
    stamp_set "$DIR/home" "$HERE/requirements.txt"
}

# The DAGs run from a copy: Airflow must not depend on the clone, nor write beside its files.
files_copy() {
    local file
    mkdir -p "$DIR/dags" "$DIR/lib" "$DIR/home"
    for file in "$HERE"/dags/*.py; do
        cmp -s "$file" "$DIR/dags/${file##*/}" || cp "$file" "$DIR/dags/"
    done
    cmp -s "$HERE/lab_executor.py" "$DIR/lib/lab_executor.py" || cp "$HERE/lab_executor.py" "$DIR/lib/"
}

airflow_install() {
    mkdir -p "$DIR"
    if ! stamp_ok "$DIR/venv" "$HERE/requirements.txt"; then
        step "Airflow from PyPI" venv_make "$DIR/venv" "$HERE/requirements.txt"
    fi
    secrets_make
    files_copy
}

component_boot() { # NAME
    local arguments=()
    case $1 in
    api-server) port_free airflow-api-server 127.0.0.1 "$PORT" ;;
    # Their log servers listen on every address and cannot be told otherwise. Without them the log of a
    # running task holds one line that says so.
    scheduler | triggerer) arguments=(--skip-serve-logs) ;;
    esac
    airflow_settings
    rm -f "$DIR/home/airflow-$1.pid"
    cd "$DIR/home"
    proc_start "airflow-$1" "$DIR/venv/bin/airflow" "$1" "${arguments[@]}"
}

seed() { "$DIR/venv/bin/python" -I -B "$HERE/seed.py" "$@"; }

utc_now() { TZ=UTC printf '%(%Y-%m-%dT%H:%M:%S)T' -1; }

# ready SINCE COMPONENT...: does the api-server answer, and has each of the others sent a heartbeat
# after SINCE? The health page alone would take the last heartbeat of the component that was ended
# half a minute ago for the new one's.
ready() {
    local since=$1 name health key
    shift
    for name; do
        if [ "$name" = api-server ]; then
            [[ $(http_get 127.0.0.1 "$PORT" /api/v2/version) == *version* ]] || return 1
            continue
        fi
        health=$(http_get 127.0.0.1 "$PORT" /api/v2/monitor/health) || return 1
        key="\"latest_${name//-/_}_heartbeat\":\""
        [[ $health == *"$key"* ]] || return 1
        health=${health#*"$key"}
        [[ ${health%%\"*} > $since ]] || return 1
    done
}

# The scheduler last: a task that starts while nobody answers for the api-server fails at once, and
# a scheduler that finds runs of yesterday starts tasks in its first second.
components_start() { # COMPONENT...
    local since name
    since=$(utc_now)
    for name; do [ "$name" = scheduler ] || component_boot "$name"; done
    wait_until 600 airflow-api-server ready "$since" api-server
    for name; do [ "$name" != scheduler ] || component_boot "$name"; done
    for name; do wait_until 600 "airflow-$name" ready "$since" "$name"; done
}

server_start() { # airflow-COMPONENT
    if [ "$1" = airflow-pg ]; then pg_start; else components_start "${1#airflow-}"; fi
}

workload_start() {
    proc_start airflow-work "$DIR/venv/bin/python" -I -B "$HERE/seed.py" run "$DIR/seeded"
    PAUSE=1 wait_until 900 "airflow-work ${COMPONENTS[*]/#/airflow-}" seed check "$DIR/seeded" || {
        seed check "$DIR/seeded" || true
        return 1
    }
}

# ---- verbs ---------------------------------------------------------------------------------------

all_alive() {
    local name
    for name in pg "${COMPONENTS[@]}" work; do proc_alive "airflow-$name" || return 1; done
}

up_airflow() {
    local name gone=()
    for name in pg "${COMPONENTS[@]}" work; do proc_signal "airflow-$name" CONT || true; done
    if all_alive && wanted airflow; then
        files_copy
        say "already up at http://127.0.0.1:$PORT"
        return
    fi
    # Before anything is fetched, and again before each start.
    proc_alive airflow-pg || port_free airflow-pg 127.0.0.1 "$PORT_PG"
    proc_alive airflow-api-server || port_free airflow-api-server 127.0.0.1 "$PORT"
    airflow_install
    if ! proc_alive airflow-pg; then step "PostgreSQL at 127.0.0.1:$PORT_PG" pg_start; fi
    if ! stamp_ok "$DIR/home" "$HERE/requirements.txt"; then step "database schema" migrate; fi
    for name in "${COMPONENTS[@]}"; do proc_alive "airflow-$name" || gone+=("$name"); done
    if ((${#gone[@]} > 0)); then step "${#gone[@]} components, http://127.0.0.1:$PORT" components_start "${gone[@]}"; fi
    wanted_set airflow
    if ! proc_alive airflow-work; then step "runs and tasks in every state" workload_start; fi
}

# Airflow waits for running tasks when it is asked to end, and the lab's run for ever: after two
# seconds they end with the scheduler's tree, while the api-server still takes their word. The database
# goes last; INT is its fast shutdown, with TERM it would wait for its clients.
down_airflow() {
    local name
    wanted_clear airflow
    for name in work scheduler; do proc_stop "airflow-$name" TERM 2 & done
    wait
    for name in "${COMPONENTS[@]}"; do proc_stop "airflow-$name" TERM 2 & done
    wait
    proc_stop airflow-pg INT 30
}

status_airflow() {
    local name rc=0
    status_row airflow-pg "127.0.0.1:$PORT_PG" || rc=1
    status_row airflow-api-server "127.0.0.1:$PORT" || rc=1
    for name in scheduler dag-processor triggerer work; do status_row "airflow-$name" '' || rc=1; done
    return "$rc"
}

# A function that exits: bash has read the whole file before it begins and reads nothing afterwards, so
# an update of the clone may replace it meanwhile.
main() {
    case ${1:-} in
    up | down | status | needs)
        local verb=$1
        shift
        lab_verb "$verb" "${@:-airflow}"
        ;;
    stop-server | kill-server | start-server | freeze | thaw)
        local name=${2:-api-server}
        case " ${COMPONENTS[*]} pg " in *" $name "*) ;; *) die "no component '$name': ${COMPONENTS[*]} pg" ;; esac
        # Signals and times as in down_airflow.
        if [ "$name" = pg ]; then server_verb "$1" airflow-pg INT; else server_verb "$1" "airflow-$name" TERM 2; fi
        ;;
    settled) ! proc_alive airflow-work || seed check "$DIR/seeded" ;;
    trigger)
        shift
        [ -d "$DIR/venv" ] || die "not installed: tests/lab/lab up airflow"
        seed trigger "$@"
        ;;
    cli)
        shift
        airflow_cli "$@"
        ;;
    psql)
        shift
        pg_psql -d airflow "$@"
        ;;
    *)
        sed -n '3,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 2
        ;;
    esac
    exit
}

main "$@"
