#!/usr/bin/env bash
#
# Hosts in the lab: two real sshd on this machine.
#
#   hosts.sh up|down|status
#   hosts.sh stop-server|kill-server|start-server|freeze|thaw [lab1|lab2]     (both without a name)
#   hosts.sh ssh lab1|lab2 COMMAND...
#
# lab1 is 127.0.10.1:2222 with an RSA, an ECDSA and an Ed25519 host key, lab2 is 127.0.10.2:2222 with
# Ed25519 alone. Login is by key. As root the login user is `weirlab`, made when it is missing; without
# root sshd can log in its own user only, so it is that one.

# main exits, which shellcheck 0.9 takes for the death of everything above it.
# shellcheck disable=SC2317
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

DIR=$LAB_ROOT/hosts
PORT=2222
USER_COMMENT='login user of the weir lab'
LAB_NAME=hosts

needs_hosts() {
    cat <<'END'
openssh-server have_sshd
openssh-client have_command ssh
END
}

address() { case $1 in lab1) echo 127.0.10.1 ;; lab2) echo 127.0.10.2 ;; *) die "no host '$1': lab1 or lab2" ;; esac }
host_key_types() { case $1 in lab1) echo 'rsa ecdsa ed25519' ;; lab2) echo ed25519 ;; esac }
login_user() { if ((EUID == 0)); then echo weirlab; else id -un; fi }

user_is_ours() { [[ $(getent passwd weirlab) == *:"$USER_COMMENT":* ]]; }

# A locked password ("!") makes sshd refuse the user even with a key; "*" only means that no password
# fits. The home follows LAB_ROOT, else each command would complain about a missing folder.
user_make() {
    ((EUID == 0)) || return 0
    if ! getent passwd weirlab >/dev/null; then
        useradd --system --no-create-home --home-dir "$DIR/home" --shell /bin/sh --password '*' \
            --comment "$USER_COMMENT" weirlab
    elif user_is_ours && [[ $(getent passwd weirlab) != *:"$DIR/home":* ]]; then
        # Refused while somebody is logged in; then logins complain, and work.
        usermod --home "$DIR/home" weirlab || true
    fi
    install -d -o weirlab -g "$(id -g weirlab)" -m 755 "$DIR/home"
}

keys_make() {
    local host type
    mkdir -p "$DIR"
    [ -s "$DIR/id" ] || ssh-keygen -q -t ed25519 -N '' -C 'weir lab' -f "$DIR/id"
    cp "$DIR/id.pub" "$DIR/authorized_keys"
    for host in lab1 lab2; do
        for type in $(host_key_types "$host"); do
            [ -s "$DIR/$host.$type" ] || ssh-keygen -q -t "$type" -N '' -C "$host" -f "$DIR/$host.$type"
        done
    done
    # Each under its address as OpenSSH writes it for a port that is not 22.
    for host in lab1 lab2; do
        for type in $(host_key_types "$host"); do
            printf '[%s]:%s %s\n' "$(address "$host")" "$PORT" "$(cut -d' ' -f1,2 "$DIR/$host.$type.pub")"
        done
    done >"$DIR/known_hosts"
    # Nothing of the user's own configuration, agent or keys plays a part.
    for host in lab1 lab2; do
        cat <<END
Host $host
    HostName $(address "$host")
    Port $PORT
    User $(login_user)
    IdentityFile $DIR/id
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile $DIR/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    ConnectTimeout 10

END
    done >"$DIR/ssh_config"
}

# The user and the keys are read by sshd as the login user: no secrets in there but the host keys,
# which ssh-keygen makes private.
sshd_config() { # HOST
    local type
    for type in $(host_key_types "$1"); do echo "HostKey $DIR/$1.$type"; done
    cat <<END
ListenAddress $(address "$1")
Port $PORT
PidFile none
AllowUsers $(login_user)
AuthorizedKeysFile $DIR/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
LogLevel VERBOSE
PrintMotd no
SetEnv WEIR_LAB=$DIR
Subsystem sftp internal-sftp
END
}

port_check() { if ! proc_alive "sshd-$1"; then port_free "sshd-$1" "$(address "$1")" "$PORT"; fi; }

# As root sshd wants its privilege separation folder, which only Debian's unit file makes.
server_start() { # sshd-HOST
    local host=${1#sshd-}
    port_check "$host"
    if ((EUID == 0)) && [ ! -d /run/sshd ]; then mkdir -m 755 /run/sshd; fi
    sshd_config "$host" >"$DIR/$host.sshd_config"
    /usr/sbin/sshd -t -f "$DIR/$host.sshd_config"
    proc_start "$1" /usr/sbin/sshd -D -e -f "$DIR/$host.sshd_config"
    wait_until 20 "$1" port_open "$(address "$host")" "$PORT"
    port_ours "$1" "$(address "$host")" "$PORT" || die "$(address "$host"):$PORT is not held by our sshd"
    ssh -F "$DIR/ssh_config" -o BatchMode=yes "$host" true
}

up_hosts() {
    local host up=0
    for host in lab1 lab2; do
        if proc_alive "sshd-$host"; then
            proc_signal "sshd-$host" CONT
            up=$((up + 1))
        fi
    done
    if ((up == 2)) && wanted hosts; then
        say "already up: ssh -F $DIR/ssh_config lab1"
        return
    fi
    for host in lab1 lab2; do port_check "$host"; done
    step "login user and keys" keys_and_user
    for host in lab1 lab2; do
        if ! proc_alive "sshd-$host"; then step "$host at $(address "$host"):$PORT" server_start "sshd-$host"; fi
    done
    wanted_set hosts
}

keys_and_user() {
    mkdir -p "$DIR"
    user_make
    keys_make
}

down_hosts() {
    local host
    wanted_clear hosts
    for host in lab1 lab2; do proc_stop "sshd-$host"; done
    # What a session left behind on purpose (nohup, setsid).
    marked_end "$DIR"
}

status_hosts() {
    local host rc=0
    for host in lab1 lab2; do status_row "sshd-$host" "$(address "$host"):$PORT" || rc=1; done
    return "$rc"
}

# A function that exits: bash has read the whole file before it begins and reads nothing afterwards, so
# an update of the clone may replace it meanwhile.
main() {
    case ${1:-} in
    up | down | status | needs)
        local verb=$1
        shift
        lab_verb "$verb" "${@:-hosts}"
        ;;
    stop-server | kill-server | start-server | freeze | thaw)
        local host
        for host in ${2:-lab1 lab2}; do
            address "$host" >/dev/null
            server_verb "$1" "sshd-$host"
        done
        ;;
    settled) ;;
    ssh)
        shift
        exec ssh -F "$DIR/ssh_config" "$@"
        ;;
    *)
        sed -n '3,7s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 2
        ;;
    esac
    exit
}

main "$@"
