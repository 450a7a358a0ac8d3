#!/bin/bash
# What `make install` puts where, and the manual pages.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$weir")
rm -rf "$build/man" "$build/completion"
out=$(env -u MAKEFLAGS -u MAKELEVEL make -s --no-print-directory BUILD="$build" SANITIZE="$SANITIZE" \
    DESTDIR="$home/root" prefix=/usr -o "$build/weir" -o "$build/weir-connectors.so" install 2>&1)
ok $? "make install DESTDIR=... prefix=/usr"
root=$home/root/usr
lost=
for file in bin/weir lib/weir/weir-connectors.so share/man/man1/weir.1 share/man/man5/weir.yaml.5 \
    share/bash-completion/completions/weir share/zsh/site-functions/_weir \
    share/fish/vendor_completions.d/weir.fish; do
    [ -s "$root/$file" ] || lost="$lost $file"
done
out=$lost
[ -z "$lost" ]
ok $? "program, connectors, manual and completion lie where they are looked for"
weir=$root/bin/weir
run version
[ "$code" -eq 0 ] && says '^weir [0-9]' && says librdkafka
ok $? "what was installed runs from there, with its connectors"

for page in man1/weir.1 man5/weir.yaml.5; do
    file=$root/share/man/$page
    name=${page#*/}
    if command -v mandoc >/dev/null; then
        out=$(mandoc -Tlint -Wwarning "$file" 2>&1 | grep -v 'missing date')
    elif command -v groff >/dev/null; then
        out=$(groff -man -Tutf8 -ww -b -z "$file" 2>&1)
    else
        number=$((number + 1))
        echo "ok $number - $name # SKIP neither mandoc nor groff is installed"
        continue
    fi
    [ -z "$out" ]
    ok $? "$name has no fault"
done
read_page() {
    if command -v mandoc >/dev/null; then
        out=$(mandoc -Tascii "$root/share/man/$1" | col -b | tr -s '[:space:]' ' ')
    else
        out=$(tr '\n' ' ' <"$root/share/man/$1" | sed 's/\\-/-/g; s/\\f.//g')
    fi
}
read_page man1/weir.1
says 'weir get KIND' && says '-o, --output FORMAT' && says 'kafka.groups' && says 'EXIT STATUS'
ok $? "weir(1) has the commands, options, kinds and exit codes"
read_page man5/weir.yaml.5
says 'brokers some of' && says 'lag_warn' && says 'read_only' && says 'default 85'
ok $? "weir.yaml(5) has the options, thresholds and defaults"
finish
