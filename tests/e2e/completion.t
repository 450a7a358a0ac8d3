#!/bin/bash
# Completion: what `weir complete` offers, and the shells with the script sourced.
. "$(dirname "$0")/lib.sh"
mkdir "$home/bin"
ln -s "$weir" "$home/bin/weir"
PATH=$home/bin:$PATH
cat >"$XDG_CONFIG_HOME/weir/weir.yaml" <<'YAML'
environment: lab
environments:
  lab:
    class: dev
    sources:
      events: {type: kafka, brokers: "127.0.0.1:1"}
      warehouse: {type: trino, url: "http://127.0.0.1:1"}
  other:
    sources:
      scheduler: {type: airflow, url: "http://127.0.0.1:1"}
YAML
chmod 600 "$XDG_CONFIG_HOME/weir/weir.yaml"

offers() { # words; $out: what is offered, without help
    out=$(weir complete zsh "$@" | cut -f1)
}
offers ""
says '^get$' && says '^completion$' && says '^explain$' && ! says '^complete$'
ok $? "the first word is a command"
offers get kafka.
[ "$(printf '%s\n' "$out" | sort | tr '\n' ' ')" = "kafka.brokers kafka.groups kafka.offsets kafka.partitions kafka.topics " ]
ok $? "get is followed by a kind"
offers get groups --fi
[ "$out" = --filter ]
ok $? "options are completed behind other words"
offers get groups -o js
[ "$out" = json ]
ok $? "a short option's value is one of its values"
offers --output=nd
[ "$out" = --output=ndjson ]
ok $? "so is a value behind ="
offers get groups --sort -name,-lag_p
[ "$out" = "-name,-lag_per_s" ]
ok $? "columns are those of the kind on the line, also behind a comma and -"
offers get groups --scope ""
[ "$(echo $out)" = "events/ warehouse/" ]
ok $? "an address begins with a source of the configuration"
offers show events/
says '^events/groups/$' && says '^events/topics/$' && ! says queries && ! says offsets
ok $? "behind the source come the kinds of its system that need no owner"
offers -e other doctor ""
[ "$out" = scheduler ]
ok $? "sources are those of the environment that the line names"
offers -e ""
[ "$(echo $out)" = "lab other" ]
ok $? "environments are those of the configuration"
offers explain groups.lag_t
[ "$(echo $out)" = "groups.lag_time_ms groups.lag_time_quality" ]
ok $? "explain completes the columns of a kind"
offers --config ""
[ "$out" = ":files" ]
ok $? "a file's name is left to the shell"
out=$(weir complete fish get trino.n)
says "^trino\.nodes$(printf '\t')coordinator and workers"
ok $? "what is offered has its help beside it"
out=$(weir complete zsh --config /nonexistent doctor "" 2>&1)
[ -z "$out" ]
ok $? "a configuration that cannot be read offers nothing and says nothing"

# -- bash
. <(weir completion bash)
bash_offers() {
    COMP_WORDS=(weir "$@")
    COMP_CWORD=$#
    _weir
    out=$(printf '%s\n' "${COMPREPLY[@]}")
}
bash_offers get kafka.gr
[ "$out" = kafka.groups ]
ok $? "bash: the script completes a kind"
bash_offers get groups --output = nd
[ "$out" = ndjson ]
ok $? "bash: a value behind =, which ends a word there"
bash_offers show events/gr
[ "$out" = events/groups/ ]
ok $? "bash: an address, part by part"
cd "$home" && touch prod.yaml
bash_offers --config pro
[ "$out" = prod.yaml ]
ok $? "bash: a file's name"
cd - >/dev/null

# -- zsh
if command -v zsh >/dev/null; then
    out=$(zsh -f -c '
        compdef() { }
        compadd() { shift 3; print -l -- ${(P)1} }
        _describe() { print -l -- ${(P)2} }
        _files() { print files }
        source <(weir completion zsh)
        words=(weir get kafka.gr); CURRENT=3; _weir
        words=(weir show events/gr); CURRENT=3; _weir
        words=(weir --config ""); CURRENT=3; _weir' 2>&1)
    says '^kafka\.groups:the consumer groups' && says '^events/groups/$' && says '^files$'
    ok $? "zsh: kinds with help, addresses and files"
else
    number=$((number + 1))
    echo "ok $number # SKIP zsh is not installed"
fi

# -- fish
if command -v fish >/dev/null; then
    weir completion fish >"$home/weir.fish"
    out=$(fish --no-config -c "source $home/weir.fish; complete -C 'weir get kafka.gr'; complete -C 'weir show events/gr'" 2>&1)
    says '^kafka\.groups'"$(printf '\t')"'the consumer' && says '^events/groups/'
    ok $? "fish: kinds with help, and addresses"
else
    number=$((number + 1))
    echo "ok $number # SKIP fish is not installed"
fi

run completion tcsh
[ "$code" -eq 2 ] && says 'zsh or fish'
ok $? "another shell is a usage error that names those there are"
finish
