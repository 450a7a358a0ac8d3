#!/bin/bash
# weir doctor: this side of things, and what is told of each source.
. "$(dirname "$0")/lib.sh"
cat >"$XDG_CONFIG_HOME/weir/weir.yaml" <<'YAML'
environments:
  lab:
    class: dev
    sources:
      here: {type: hosts, hosts: [local]}
      warehouse: {type: trino, url: "http://127.0.0.1:1"}
YAML
chmod 600 "$XDG_CONFIG_HOME/weir/weir.yaml"
run doctor here
[ "$code" -eq 0 ] && says '^ok +terminal +xterm, 8 colours' && says '^ok +state folder +.*/state/weir$' &&
    says '^ok +connectors +.*weir-connectors.so: .*librdkafka' && says '^(ok|\?) +clock +20' &&
    says '^ok +configuration +.*weir.yaml, environment lab' && says '^ok +here: local shell'
ok $? "it looks at terminal, state folder, connectors, clock, configuration and the source"
! says warehouse
ok $? "a source that is named is asked alone"
run doctor
[ "$code" -eq 3 ] && says '^FAIL +warehouse: ' && says '^ok +here: '
ok $? "a source that fails is exit code 3, and the others are told"
run doctor nowhere
[ "$code" -eq 2 ] && says 'no source "nowhere"'
ok $? "a source that is not there is a usage error"

out=$(TERM=dumb TMUX=1 LC_ALL=C "$weir" doctor here 2>&1)
says '^warn +terminal +dumb' && says '^warn +multiplexer +tmux, TERM=dumb' && says 'tmux-256color' &&
    says '^warn +locale +not UTF-8' && says '-> set LC_ALL'
ok $? "what is missing here is told with what to do"
out=$(TERM=nothing-like-it "$weir" doctor here 2>&1)
says '^warn +terminal +nothing-like-it, which this machine has no description of'
ok $? "a terminal without a description is named"
out=$(NO_COLOR=1 "$weir" doctor here 2>&1)
says 'not used \(NO_COLOR\)'
ok $? "so is why there are no colours"

printf 'filter F\nfliter f\n' >"$XDG_CONFIG_HOME/weir/keys"
run doctor here
[ "$code" -eq 0 ] && says '^warn +keys file +.*weir/keys:2: no command "fliter"'
ok $? "a wrong line of the keys file is named"
truncate -s 9M "$XDG_STATE_HOME/weir/weir.log"
run doctor here
says '^warn +log +.*weir.log, 9M'
ok $? "a log that has grown is told with its size"
touch "$home/file"
out=$(XDG_STATE_HOME=$home/file "$weir" doctor here 2>&1)
says '^warn +state folder +.*file/weir'
ok $? "a state folder that cannot be written is told"

run doctor here -o json
printf '%s' "$out" | python3 -c '
import json, sys
answer = json.load(sys.stdin)
rows = {row["name"]: row for row in answer["rows"]}
assert answer["kind"] == "doctor"
assert rows["keys file"]["health"] == "warn" and rows["keys file"]["advice"]
assert rows["terminal"]["health"] == "ok" and "xterm" in rows["terminal"]["seen"]
assert rows["here: local shell"]["health"] == "ok"' 2>/dev/null
ok $? "-o json has the same lines as rows"
run doctor -o yaml
[ "$code" -eq 2 ] && says 'no such format'
ok $? "another format is a usage error"

printf 'environments: [' >"$XDG_CONFIG_HOME/weir/weir.yaml"
run doctor
[ "$code" -eq 2 ] && says '^ok +terminal' && says '^FAIL +configuration' && says 'weir config check'
ok $? "a broken configuration is exit code 2, and this side is told all the same"
finish
