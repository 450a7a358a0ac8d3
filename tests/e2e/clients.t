#!/bin/bash
# weir without a configuration: what other clients' files and variables name. Nobody is asked but
# loopback; the servers named here do not exist.
. "$(dirname "$0")/lib.sh"
unset KAFKA_BOOTSTRAP_SERVERS KCAT_CONFIG KAFKA_CLIENT_PROPERTIES TRINO_CONFIG TRINO_HOST AIRFLOW_API_URL AIRFLOW_HOME
mkdir -p "$home/.config" "$home/airflow"
cat >"$home/.config/kcat.conf" <<'CONF'
# kcat's own
bootstrap.servers=b1.invalid:9093, b2.invalid:9093
security.protocol=SASL_SSL
sasl.mechanisms=SCRAM-SHA-512
sasl.username = weir
sasl.password = geheim, "und" mehr 
plugin.library.paths=/tmp/evil.so
CONF
cat >"$home/client.properties" <<'CONF'
bootstrap.servers: k.invalid:9092
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
ssl.truststore.type=PEM
ssl.truststore.location=/etc/ssl/kafka.pem
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
    username="alice" \
    password="streng geheim";
CONF
printf 'server=https://trino.invalid:8443\nuser=oncall\naccess-token=eyJ0\n' >"$home/.trino_config"
printf '{"api_url": "https://airflow.invalid/api/v2/"}' >"$home/airflow/production.json"
chmod 600 "$home"/.config/kcat.conf "$home"/client.properties "$home"/.trino_config "$home"/airflow/*.json
export KAFKA_CLIENT_PROPERTIES=$home/client.properties

# What is behind "NAME:" of the source whose options hold a text, in `weir config show`.
show() {
    run config show "$@"
}
block() { # text: the lines of the source that has it
    printf '%s\n' "$out" | awk -v want="$1" '
        /^      [a-z]/ {if (hit) {printf "%s", text; exit} text = ""; hit = 0}
        {text = text $0 "\n"; if (index($0, want)) hit = 1}
        END {if (hit) printf "%s", text}'
}
show
all=$out
[ "$code" -eq 0 ] && says 'found on this machine, no configuration' && says 'brokers: \["?b1.invalid:9093"?, "?b2.invalid:9093"?\]'
ok $? "kcat's file names a cluster"
out=$(block b1.invalid)
says 'security.protocol: SASL_SSL' && says 'sasl.mechanism: SCRAM-SHA-512' && says 'sasl.username: weir' &&
    says 'password: \{command: \[sed'
ok $? "with its protocol, user and a way to its password"
out=$all
! says evil && ! says geheim && ! says eyJ0
ok $? "no code is loaded for it, and no secret is shown"
out=$(block k.invalid)
says 'sasl.username: alice' && says 'ssl.ca.location: /etc/ssl/kafka.pem' && says 'password: \{command: \[sed'
ok $? "the file of Kafka's tools is understood, with login and certificates as Java has them"
out=$all
out=$(block trino.invalid)
says 'url: "?https://trino.invalid:8443' && says 'username: oncall' && says 'token: \{command: \[sed'
ok $? "so is that of Trino's command line"
out=$all
says 'url: "?https://airflow.invalid"?$'
ok $? "so is airflowctl's, without the API's path"

# -- what is written down works
export KAFKA_BOOTSTRAP_SERVERS=v.invalid:9092 KAFKA_SASL_USERNAME=bob KAFKA_SASL_PASSWORD=verborgen
export TRINO_HOST=t.invalid TRINO_PORT=443 TRINO_PASSWORD=verborgen
export AIRFLOW_API_URL=http://a.invalid:8080 AIRFLOW_API_TOKEN=verborgen
show
all=$out
out=$(block v.invalid)
says 'sasl.username: bob' && says 'password: \{env: "?KAFKA_SASL_PASSWORD'
ok $? "variables name a cluster, and its password by its variable"
out=$all
out=$(block t.invalid)
says 'url: "?https://t.invalid:443' && says 'password: \{env: "?TRINO_PASSWORD'
ok $? "and a Trino, https on its port"
out=$all
out=$(block a.invalid)
says 'token: \{env: "?AIRFLOW_API_TOKEN'
ok $? "and an Airflow with its token"
out=$all
! says verborgen
ok $? "no value of theirs is shown"
out=$(block trino.invalid)
! says TRINO_PASSWORD
ok $? "a password of the variables does not go to the address of the file"
unset KAFKA_BOOTSTRAP_SERVERS TRINO_HOST AIRFLOW_API_URL
show
! says TRINO_PASSWORD && ! says AIRFLOW_API_TOKEN && ! says KAFKA_SASL_PASSWORD
ok $? "a password without an address goes nowhere"

# -- hostile files
unset KAFKA_CLIENT_PROPERTIES
cd "$home" && cp client.properties "$home/.config/kcat.conf" && cd - >/dev/null
chmod 666 "$home/.config/kcat.conf"
show
[ "$code" -eq 0 ] && ! says k.invalid
ok $? "a file that others may write is not read"
rm "$home/.config/kcat.conf"
mkfifo "$home/.config/kcat.conf"
show
[ "$code" -eq 0 ] && says trino.invalid
ok $? "a pipe in the place of a file keeps nobody waiting"
rm "$home/.config/kcat.conf"
export KCAT_CONFIG=client.properties
out=$(cd "$home" && timeout 60 "$weir" config show 2>&1)
! says k.invalid
ok $? "a file of the working folder is not read"
unset KCAT_CONFIG
printf 'bootstrap.servers=x;id\nbootstrap.servers=$(id)\n' >"$home/.config/kcat.conf"
printf 'server=https://u:p@trino.invalid\n' >"$home/.trino_config"
printf '{"api_url": "file:///etc/passwd"}' >"$home/airflow/production.json"
show
[ "$code" -eq 0 ] && ! says 'brokers:|u:p@|etc/passwd'
ok $? "addresses that are none are left out"
finish
