#!/usr/bin/env bash
#
# Alertmanager in the lab, with a Prometheus whose rules fire.
#
#   alertmanager.sh up|down|status
#   alertmanager.sh stop-server|kill-server|start-server|freeze|thaw [alertmanager|prometheus]
#   alertmanager.sh amtool ARGS...               Alertmanager's own client
#
# Alertmanager is http://127.0.0.1:19093, Prometheus http://127.0.0.1:19090, both without a login.

# main exits, which shellcheck 0.9 takes for the death of everything above it.
# shellcheck disable=SC2317
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

HERE=$LAB_HERE/alertmanager
DIR=$LAB_ROOT/alertmanager
PORT=19093
PORT_PROMETHEUS=19090
LAB_NAME=alertmanager

# ---- installing ----------------------------------------------------------------------------------

# Debian's Alertmanager reads its templates from /usr/share: unpacked elsewhere it does not start.
needs_alertmanager() {
    cat <<'END'
prometheus have_command prometheus
prometheus-alertmanager have_command prometheus-alertmanager
prometheus-alertmanager have_command amtool
END
}

# ---- servers -------------------------------------------------------------------------------------

server_port() {
    case $1 in
    alertmanager) echo "$PORT" ;;
    prometheus) echo "$PORT_PROMETHEUS" ;;
    *) die "no server '$1': alertmanager or prometheus" ;;
    esac
}

server_ready() { http_get 127.0.0.1 "$(server_port "$1")" /-/ready; }

port_check() { if ! proc_alive "$1"; then port_free "$1" 127.0.0.1 "$(server_port "$1")"; fi; }

# Prometheus sends a firing alert anew every ten seconds, so that an Alertmanager that was away has all
# of them soon; by default it would be a minute.
server_start() {
    local name=$1
    port_check "$name"
    mkdir -p "$DIR/$name"
    case $name in
    alertmanager)
        cp "$HERE/alertmanager.yml" "$DIR/$name/"
        proc_start "$name" prometheus-alertmanager \
            "--config.file=$DIR/$name/alertmanager.yml" "--storage.path=$DIR/$name/data" \
            "--web.listen-address=127.0.0.1:$PORT" --cluster.listen-address=
        ;;
    prometheus)
        cp "$HERE/prometheus.yml" "$HERE/rules.yml" "$DIR/$name/"
        proc_start "$name" prometheus \
            "--config.file=$DIR/$name/prometheus.yml" "--storage.tsdb.path=$DIR/$name/data" \
            "--web.listen-address=127.0.0.1:$PORT_PROMETHEUS" "--web.external-url=http://127.0.0.1:$PORT_PROMETHEUS" \
            --storage.tsdb.retention.time=1h --rules.alert.resend-delay=10s
        ;;
    esac
    wait_until 60 "$name" server_ready "$name"
    port_ours "$name" 127.0.0.1 "$(server_port "$name")" || die "127.0.0.1:$(server_port "$name") answers, but not from pid $(proc_pid "$name")"
}

# ---- workload ------------------------------------------------------------------------------------

amtool() { command amtool "--alertmanager.url=http://127.0.0.1:$PORT" "$@"; }

silence_is() { # STATE NAME: is there a silence of that state for the alert of that name?
    http_get 127.0.0.1 "$PORT" "/api/v2/silences?filter=alertname%3D%22$2%22" | grep -q "\"state\":\"$1\""
}

# One that covers an alert, one that is to begin in a month, one that was ended.
silences_make() {
    local id
    silence_is active LabSilenced ||
        amtool silence add alertname=LabSilenced --author=lab --duration=30d --comment='the test cluster is rebuilt'
    silence_is pending LabWarning ||
        amtool silence add alertname=LabWarning 'instance=~dp-w0[12]' team!=ops --author=lab --duration=60d \
            --start="$(date -u -d '+30 days' +%Y-%m-%dT%H:%M:%SZ)" --comment='planned work'
    silence_is expired LabInfo || {
        id=$(amtool silence add alertname=LabInfo --author=lab --duration=1h --comment='no longer needed')
        amtool silence expire "$id"
    }
}

# The alerts of that name that Alertmanager has in that state only: active, silenced or inhibited.
alerts_of() { # STATE NAME
    local state query=''
    for state in active silenced inhibited; do if [ "$state" != "$1" ]; then query+="&$state=false"; fi; done
    http_get 127.0.0.1 "$PORT" "/api/v2/alerts?filter=alertname%3D%22$2%22$query" | grep -o '"fingerprint"' | wc -l
}

states_there() {
    local name
    [ "$(alerts_of active LabWarning)" = 2 ] && [ "$(alerts_of inhibited LabInhibited)" = 1 ] &&
        [ "$(alerts_of silenced LabSilenced)" = 1 ] || return 1
    for name in LabCritical LabInfo LabBare LabHostile; do [ "$(alerts_of active "$name")" = 1 ] || return 1; done
    silence_is active LabSilenced && silence_is pending LabWarning && silence_is expired LabInfo
}

workload_start() {
    silences_make
    wait_until 120 "alertmanager prometheus" states_there
}

# ---- verbs ---------------------------------------------------------------------------------------

up_alertmanager() {
    local name
    if proc_alive alertmanager && proc_alive prometheus && wanted alertmanager; then
        proc_signal alertmanager CONT
        proc_signal prometheus CONT
        say "already up at http://127.0.0.1:$PORT"
        return
    fi
    for name in alertmanager prometheus; do port_check "$name"; done
    for name in alertmanager prometheus; do
        if ! proc_alive "$name"; then step "$name at http://127.0.0.1:$(server_port "$name")" server_start "$name"; fi
        proc_signal "$name" CONT
    done
    wanted_set alertmanager
    step "alerts in every state" workload_start
}

down_alertmanager() {
    wanted_clear alertmanager
    proc_stop prometheus
    proc_stop alertmanager
}

status_alertmanager() {
    local rc=0
    status_row alertmanager "127.0.0.1:$PORT" || rc=1
    status_row prometheus "127.0.0.1:$PORT_PROMETHEUS" || rc=1
    return "$rc"
}

# A function that exits: bash has read the whole file before it begins and reads nothing afterwards, so
# an update of the clone may replace it meanwhile.
main() {
    case ${1:-} in
    up | down | status | needs)
        local verb=$1
        shift
        lab_verb "$verb" "${@:-alertmanager}"
        ;;
    stop-server | kill-server | start-server | freeze | thaw) server_verb "$1" "${2:-alertmanager}" ;;
    settled) states_there ;;
    amtool)
        shift
        amtool "$@"
        ;;
    *)
        sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 2
        ;;
    esac
    exit
}

main "$@"
