#!/bin/bash
# weir explain, beside the tables it is made from.
. "$(dirname "$0")/lib.sh"

run explain
[ "$code" -eq 0 ] && says '^Apache Kafka \(type: kafka\)$' && says '^  kafka\.groups +the consumer groups'
ok $? "explain alone lists every kind below its system"

all=0
for kind in $(printf '%s\n' "$out" | sed -nE 's/^  ([a-z_.]+) .*/\1/p'); do
    run explain "$kind"
    [ "$code" -eq 0 ] && says "^$kind\$" && says '^Columns$' || { all=1; break; }
    wide=$(printf '%s\n' "$out" | awk 'length($0) > 80 {print; exit}')
    [ -z "$wide" ] || { out=$wide; all=1; break; }
done
ok $all "every kind is explained, in lines of at most 80 columns"

run explain group
says '^kafka\.groups$' && says '^  lag +records between' && says 'whole number' &&
    says '^  warn +lag is above lag_warn \(threshold, 1000\) and lag_per_s is above 0\.5' &&
    says '^  enter +offsets: its kafka\.offsets$'
ok $? "a kind's short name tells its columns, health in words and keys"

run explain groups.lag_per_s
[ "$code" -eq 0 ] && says '^kafka\.groups\.lag_per_s$' && says 'needs samples' && ! says uncommitted
ok $? "KIND.COLUMN is that column alone"

run explain groups.lagg
[ "$code" -eq 2 ] && says 'did you mean "lag"'
ok $? "an unknown column is a usage error with the nearest name"
run explain gruops
[ "$code" -eq 2 ] && says 'did you mean "groups"'
ok $? "an unknown kind is a usage error with the nearest name"
run explain airflow.clear
[ "$code" -eq 2 ] && says 'this version has no actions'
ok $? "an action is not explained but said not to be there"
run explain check freshness
[ "$code" -eq 0 ] && says 'has no checks'
ok $? "a check is said not to be there"

run explain config
lines=$out
out=$(printf '%s\n' "$out" | tr '\n' ' ' | tr -s ' ')
[ "$code" -eq 0 ] && says ' theme dark,[^(]*\(a text; default auto\)' && says ' brokers some of ' &&
    says ' class dev,[^(]*\(a text; default prod\)' && says ' lag_warn .*default 1000\)' &&
    says ' insecure ' && says ' disk_warn .*default 85\)'
ok $? "the configuration is explained with every key, its type and default"
printf '%s\n' "$lines" | awk 'length($0) > 80 {bad = 1} END {exit bad}'
ok $? "the configuration is explained in lines of at most 80 columns"

run explain groups
! printf '%s' "$out" | grep -q "$(printf '\033')"
ok $? "in a pipe it is plain text"
run explain groups --color always
printf '%s' "$out" | grep -q "$(printf '\033\\[1m')kafka.groups"
ok $? "headings are bold where that is asked for"

printf 'environments: [' >"$XDG_CONFIG_HOME/weir/weir.yaml"
run explain groups
[ "$code" -eq 0 ] && says '^kafka\.groups$'
ok $? "a broken configuration does not stand in the way"
finish
