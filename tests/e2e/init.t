#!/bin/bash
# weir config init: a first configuration out of what was found.
. "$(dirname "$0")/lib.sh"
unset KAFKA_BOOTSTRAP_SERVERS KCAT_CONFIG KAFKA_CLIENT_PROPERTIES TRINO_CONFIG AIRFLOW_API_URL AIRFLOW_HOME
export KAFKA_CLIENT_PROPERTIES="$home/my \"own\" client's.properties" TRINO_HOST=t.invalid TRINO_USER=oncall TRINO_PASSWORD=verborgen
cat >"$KAFKA_CLIENT_PROPERTIES" <<'CONF'
bootstrap.servers=k.invalid:9092
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.username=alice
sasl.password=streng geheim
CONF
chmod 600 "$KAFKA_CLIENT_PROPERTIES"
file=$XDG_CONFIG_HOME/weir/weir.yaml

run config init -
dash=$out
[ "$code" -eq 0 ] && says '^environments:$' && says 'brokers: \["?k.invalid:9092"?\]' && [ ! -e "$file" ]
ok $? "- prints it and writes nothing"

run config init
[ "$code" -eq 0 ] && says "kafka +kafka +$home/my" && says 'trino +trino +TRINO_HOST' &&
    says 'machine +hosts +this machine' && says "^written: $file\$" && says '^next: .*weir doctor'
ok $? "it tells what was found where, what was written, and what to do next"
[ "$(stat -c %a "$file")" = 600 ]
ok $? "the file is its owner's alone"
out=$(cat "$file")
! says geheim && ! says verborgen && says 'password: \{env: "?TRINO_PASSWORD' && says 'password: \{command: \[sed'
ok $? "no secret stands in it, but where each is to be had"
says '# found: TRINO_HOST' && says '#   lag_warn: 1000' && ! says '# my-kafka:' &&
    { says '# my-alertmanager:' || says 'type: alertmanager'; }
ok $? "remarks tell where things were found, the defaults, and how to add what was not"
run config check
[ "$code" -eq 0 ] && says "$file: fine, 1 environments"
ok $? "it passes the check"
run config show
says 'type: trino' && says 'username: oncall' && says 'sasl.username: alice'
ok $? "and holds what was found"

before=$(cat "$file")
run config init
[ "$code" -eq 2 ] && says "$file is there already" && [ "$(cat "$file")" = "$before" ]
ok $? "a file that is there stays as it is"
printf 'not yaml: [' >"$home/mine"
run config init "$home/mine"
[ "$code" -eq 2 ] && [ "$(cat "$home/mine")" = 'not yaml: [' ]
ok $? "also one that is named, and broken"
ln -s /nonexistent/target "$home/link"
run config init "$home/link"
[ "$code" -eq 2 ] && [ -L "$home/link" ] && [ ! -e "$home/link" ]
ok $? "nothing is written through a link"
run config init "$home/new/deep/weir.yaml"
[ "$code" -eq 0 ] && [ -s "$home/new/deep/weir.yaml" ]
ok $? "folders on the way are made"
run config init /proc/weir.yaml
[ "$code" -eq 2 ] && says '^weir: /proc/weir.yaml cannot be written: '
ok $? "a place that cannot be written is named, with the reason"
printf 'environments: [' >"$file"
run config init -
[ "$code" -eq 0 ] && says '^environments:$'
ok $? "a broken configuration does not stand in the way"
finish
