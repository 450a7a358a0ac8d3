#!/usr/bin/env bash
#
# Kafka in the lab.
#
#   kafka.sh up|down|status [kafka|kafka3]     the single broker (default), the three-node cluster
#   kafka.sh stop-server|kill-server|start-server|freeze|thaw [kafka|kafka3-1|kafka3-2|kafka3-3]
#   kafka.sh cli TOOL ARGS...                  Kafka's own tools: topics, consumer-groups, ...
#   kafka.sh bulk                              1,000 partitions and 200 groups for the benchmark
#
# kafka: one KRaft node, PLAINTEXT 127.0.0.1:9092, SASL_SSL 9094, SASL_PLAINTEXT 9095 (users
# alice/alice-pw by SCRAM, bob/bob-pw by PLAIN), controller 9093. The workload runs against it.
# kafka3: three combined nodes at 29092, 29102 and 29112 (controllers at +1), replication 3.

# main exits, which shellcheck 0.9 takes for the death of everything above it.
# shellcheck disable=SC2317
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

HERE=$LAB_HERE/kafka
DIR=$LAB_ROOT/kafka
PORT=9092
PORT3=29092
LAB_NAME=kafka

# ---- installing ----------------------------------------------------------------------------------

needs_kafka() {
    cat <<'END'
maven have_command mvn
default-jre-headless have_java 17
openssl have_command openssl
python3-venv have_python
END
}
needs_kafka3() { needs_kafka; }

jars_fetch() {
    rm -rf "${DIR:?}/lib" "$DIR/cds"
    mkdir -p "$DIR/cds"
    maven "$DIR/m2" "$HERE/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$DIR/lib"
    rm -rf "$DIR/m2"
    stamp_set "$DIR/lib" "$HERE/pom.xml"
}

# A CA and a server certificate as PEM, which Kafka reads by itself: no keytool, no key store.
certs_make() {
    rm -rf "$DIR/certs"
    (
        umask 077
        mkdir -p "$DIR/certs"
        cd "$DIR/certs"
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=weir lab CA' -keyout ca.key -out ca.pem
        openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out server.crt \
            -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1')
        # Kafka wants PKCS#8 whatever form the OpenSSL of the day writes.
        openssl pkcs8 -topk8 -nocrypt -in server.key | cat - server.crt ca.pem >server.pem
    )
    # weir and the tests read the CA, perhaps as another user.
    chmod 755 "$DIR/certs"
    chmod 644 "$DIR/certs/ca.pem"
}

kafka_install() {
    mkdir -p "$DIR"
    if ! stamp_ok "$DIR/lib" "$HERE/pom.xml"; then step "jars from Maven" jars_fetch; fi
    if ! stamp_ok "$DIR/venv" "$HERE/requirements.txt"; then
        step "Python client" venv_make "$DIR/venv" "$HERE/requirements.txt"
    fi
    if [ ! -s "$DIR/certs/server.pem" ]; then step "certificates" certs_make; fi
}

# java_options ARCHIVE: shared by broker and tools, one a line. From Java 19 on the JVM keeps an archive
# of the loaded classes by itself, which takes a third off every start.
java_options() {
    printf '%s\n' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Dlog4j2.configurationFile=$HERE/log4j2.properties"
    if (($(java_major "$JAVA") >= 19)); then
        printf '%s\n' -XX:+AutoCreateSharedArchive "-XX:SharedArchiveFile=$DIR/cds/$1.jsa" -Xlog:cds=off -Xlog:cds+dynamic=off
    fi
}

java_set() { JAVA=$(java_find 17) || die "no Java 17 or newer: install default-jre-headless or set JAVA_HOME"; }

kafka_java() { # ARCHIVE ARGS...
    local archive=$1 options
    shift
    java_set
    mapfile -t options < <(java_options "$archive")
    "$JAVA" -Xmx256m "${options[@]}" -Dlab.level=WARN -cp "$DIR/lib/*" "$@"
}

# ---- servers -------------------------------------------------------------------------------------

# broker_config NAME: writes server.properties. Replication factors follow the number of nodes; the
# internal topics are small, since the machine is.
broker_config() {
    local name=$1 port voters replicas=1 isr=1 listeners='' advertised=''
    if [ "$name" = kafka ]; then
        port=$PORT voters="1@127.0.0.1:$((PORT + 1))"
        listeners=",TLSSASL://127.0.0.1:$((PORT + 2)),SASL://127.0.0.1:$((PORT + 3))"
        # The certificate holds both names; a client that was told `localhost` is told it again.
        advertised=",TLSSASL://localhost:$((PORT + 2)),SASL://127.0.0.1:$((PORT + 3))"
    else
        port=$(broker_port "$name") replicas=3 isr=2
        voters="1@127.0.0.1:$((PORT3 + 1)),2@127.0.0.1:$((PORT3 + 11)),3@127.0.0.1:$((PORT3 + 21))"
    fi
    cat <<END
process.roles=broker,controller
node.id=$(broker_id "$name")
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))$listeners
advertised.listeners=PLAINTEXT://127.0.0.1:$port$advertised
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLSSASL:SASL_SSL,SASL:SASL_PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=true
log.dirs=$DIR/$name/data
auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$isr
offsets.topic.num.partitions=8
offsets.topic.replication.factor=$replicas
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$isr
share.coordinator.state.topic.num.partitions=2
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$isr
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
END
    [ "$name" = kafka ] || return 0
    cat <<END
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN
ssl.keystore.type=PEM
ssl.keystore.location=$DIR/certs/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$DIR/certs/ca.pem
END
    local listener
    for listener in tlssasl sasl; do
        cat <<END
listener.name.$listener.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="bob-pw";
listener.name.$listener.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.$listener.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
END
    done
}

broker_id() { case $1 in kafka) echo 1 ;; *) echo "${1##*-}" ;; esac }
broker_port() { case $1 in kafka) echo "$PORT" ;; *) echo $((PORT3 + 10 * (${1##*-} - 1))) ;; esac }
broker_ports() {
    case $1 in
    kafka) echo "$PORT $((PORT + 1)) $((PORT + 2)) $((PORT + 3))" ;;
    *) echo "$(broker_port "$1") $(($(broker_port "$1") + 1))" ;;
    esac
}

# cluster_id SYSTEM: made once; the three nodes must be formatted with the same one.
cluster_id() {
    local file=$DIR/$1.cluster-id
    [ -s "$file" ] || openssl rand -base64 16 | tr '+/' 'ab' | tr -d '=\n' >"$file"
    cat "$file"
}

# Before anything is fetched, and again before each start.
ports_check() { # NAME...
    local name ports
    for name; do
        read -ra ports <<<"$(broker_ports "$name")"
        if ! proc_alive "$name"; then port_free "$name" 127.0.0.1 "${ports[@]}"; fi
    done
}

broker_boot() { # NAME: starts, does not wait
    local name=$1 options
    java_set
    ports_check "$name"
    mkdir -p "$DIR/$name"
    broker_config "$name" >"$DIR/$name/server.properties"
    chmod 600 "$DIR/$name/server.properties"
    if [ ! -e "$DIR/$name/data/meta.properties" ]; then
        kafka_java tool kafka.tools.StorageTool format -t "$(cluster_id "${name%-*}")" -c "$DIR/$name/server.properties" \
            --add-scram 'SCRAM-SHA-256=[name=alice,password=alice-pw]' \
            --add-scram 'SCRAM-SHA-512=[name=alice,password=alice-pw]'
    fi
    # The benchmark's topics need three descriptors per partition.
    ulimit -n "$(ulimit -Hn)"
    mapfile -t options < <(java_options broker)
    proc_start "$name" "$JAVA" -Xms128m -Xmx512m -XX:MaxMetaspaceSize=192m "${options[@]}" \
        -cp "$DIR/lib/*" kafka.Kafka "$DIR/$name/server.properties"
}

# The port opens when the node has caught up with its controller.
broker_wait() { # NAME
    local port
    port=$(broker_port "$1")
    wait_until 300 "$1" port_open 127.0.0.1 "$port"
    port_ours "$1" 127.0.0.1 "$port" || die "127.0.0.1:$port answers, but not from pid $(proc_pid "$1")"
}

server_start() {
    broker_boot "$1"
    broker_wait "$1"
}

# The three need each other to answer at all, so they start together.
servers_start3() {
    local name
    for name in kafka3-1 kafka3-2 kafka3-3; do
        if ! proc_alive "$name"; then broker_boot "$name"; fi
    done
    for name in kafka3-1 kafka3-2 kafka3-3; do broker_wait "$name"; done
}

# ---- workload ------------------------------------------------------------------------------------

workload() { "$DIR/venv/bin/python" "$HERE/workload.py" "$@"; }

workload_start() {
    nice -n "$LAB_NICE" timeout 300 "$DIR/venv/bin/python" "$HERE/workload.py" setup "127.0.0.1:$PORT"
    proc_start kafka-work "$DIR/venv/bin/python" "$HERE/workload.py" run "127.0.0.1:$PORT"
    PAUSE=1 wait_until 240 "kafka-work kafka" workload check "127.0.0.1:$PORT"
}

setup3() { timeout 300 "$DIR/venv/bin/python" "$HERE/workload.py" setup3 "127.0.0.1:$PORT3"; }

# ---- verbs ---------------------------------------------------------------------------------------

up_kafka() {
    if proc_alive kafka && proc_alive kafka-work && wanted kafka; then
        proc_signal kafka CONT
        say "already up at 127.0.0.1:$PORT"
        return
    fi
    ports_check kafka
    kafka_install
    if ! proc_alive kafka; then step "broker at 127.0.0.1:$PORT" server_start kafka; fi
    wanted_set kafka
    proc_signal kafka CONT
    if ! proc_alive kafka-work; then step "topics, groups and their lag" workload_start; fi
}

up_kafka3() {
    local name up=0
    for name in kafka3-1 kafka3-2 kafka3-3; do
        if proc_alive "$name"; then
            proc_signal "$name" CONT
            up=$((up + 1))
        fi
    done
    if ((up == 3)) && wanted kafka3; then
        say "already up at 127.0.0.1:$PORT3,$((PORT3 + 10)),$((PORT3 + 20))"
        return
    fi
    ports_check kafka3-1 kafka3-2 kafka3-3
    kafka_install
    step "brokers at 127.0.0.1:$PORT3,$((PORT3 + 10)),$((PORT3 + 20))" servers_start3
    wanted_set kafka3
    step "topics" setup3
}

down_kafka() {
    wanted_clear kafka
    proc_stop kafka-work
    proc_stop kafka
}

down_kafka3() {
    local name
    wanted_clear kafka3
    # Together: a node that leaves alone waits for a controller that is about to go as well.
    for name in kafka3-1 kafka3-2 kafka3-3; do proc_stop "$name" & done
    wait
}

status_kafka() {
    local rc=0
    status_row kafka "127.0.0.1:$PORT" || rc=1
    status_row kafka-work '' || rc=1
    return "$rc"
}

status_kafka3() {
    local name rc=0
    for name in kafka3-1 kafka3-2 kafka3-3; do status_row "$name" "127.0.0.1:$(broker_port "$name")" || rc=1; done
    return "$rc"
}

cli() {
    local tool=${1:-} class
    local p=org.apache.kafka.tools
    case $tool in
    topics) class=$p.TopicCommand ;;
    consumer-groups) class=$p.consumer.group.ConsumerGroupCommand ;;
    share-groups) class=$p.consumer.group.ShareGroupCommand ;;
    groups) class=$p.GroupsCommand ;;
    configs) class=kafka.admin.ConfigCommand ;;
    acls) class=$p.AclCommand ;;
    get-offsets) class=$p.GetOffsetShell ;;
    delete-records) class=$p.DeleteRecordsCommand ;;
    log-dirs) class=$p.LogDirsCommand ;;
    metadata-quorum) class=$p.MetadataQuorumCommand ;;
    features) class=$p.FeatureCommand ;;
    transactions) class=$p.TransactionsCommand ;;
    reassign-partitions) class=$p.reassign.ReassignPartitionsCommand ;;
    leader-election) class=$p.LeaderElectionCommand ;;
    api-versions) class=$p.BrokerApiVersionsCommand ;;
    console-producer) class=$p.ConsoleProducer ;;
    console-consumer) class=$p.consumer.ConsoleConsumer ;;
    *) die "no tool '$tool': see 'cli' in tests/lab/kafka.sh for the list" ;;
    esac
    shift
    [ -d "$DIR/lib" ] || die "not installed: tests/lab/lab up kafka"
    # Tests name the lab's broker by leaving it out. delete-records and a few others take no default.
    case " $* " in
    *' --bootstrap-server '* | *' --help '* | *' --version '*) ;;
    *) set -- --bootstrap-server "127.0.0.1:$PORT" "$@" ;;
    esac
    kafka_java tool "$class" "$@"
}

# A function that exits: bash has read the whole file before it begins and reads nothing afterwards, so
# an update of the clone may replace it meanwhile.
main() {
    case ${1:-} in
    up | down | status | needs)
        local verb=$1
        shift
        lab_verb "$verb" "${@:-kafka}"
        ;;
    stop-server | kill-server | start-server | freeze | thaw) server_verb "$1" "${2:-kafka}" ;;
    settled) ! proc_alive kafka-work || workload check "127.0.0.1:$PORT" ;;
    cli)
        shift
        cli "$@"
        ;;
    bulk)
        proc_alive kafka || die "the broker is not up: tests/lab/lab up kafka"
        "$DIR/venv/bin/python" "$HERE/bulk.py" "127.0.0.1:$PORT"
        ;;
    *)
        sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 2
        ;;
    esac
    exit
}

main "$@"
