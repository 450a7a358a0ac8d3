#!/usr/bin/env python3
"""The hosts connector against real machines: what `weir get` prints is compared with /proc, df, ps and
uname, read before and after, so that what moves in between has bounds. This machine is read as `local`;
the lab's two sshd (make lab) are read over ssh when they are up; faults (keys that are unknown, changed
or wrong, a server that is silent, sessions that freeze) are made with an sshd of the test's own."""
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import finish, ok, skip, skip_all

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEIR = os.environ.get("WEIR", os.path.join(ROOT, "build", "weir"))
SSHD = "/usr/sbin/sshd"
NOT_DISKS = ("tmpfs devtmpfs ramfs squashfs erofs iso9660 udf efivarfs autofs proc sysfs cgroup cgroup2 devpts "
             "mqueue debugfs tracefs securityfs pstore bpf configfs nsfs rpc_pipefs binfmt_misc fuse.lxcfs").split()
compared = 0


def write(path, text):
    with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as out:
        out.write(text)
    return path


def weir(config, *args):
    done = subprocess.run([WEIR, "--config", config, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def get(config, *args):
    code, out, err = weir(config, "get", *args, "-o", "json")
    try:
        return code, {row["name"]: row for row in json.loads(out)["rows"]}, err
    except (ValueError, KeyError):
        return code, {}, err + out[:300]


def source(path, hosts, **options):
    lines = "".join(f"        {key}: {value}\n" for key, value in options.items())
    return write(path, "environments:\n  live:\n    class: dev\n    sources:\n      h:\n        type: hosts\n"
                       f"        hosts: [{', '.join(hosts)}]\n{lines}")


# ---- what the machine says itself -----------------------------------------------------------------

def shell(command, on=None):
    """The command's output, here or by ssh."""
    argv = ["sh", "-c", command] if on is None else ["ssh", "-F", on[0], "-o", "BatchMode=yes", on[1], command]
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60,
                          check=False).stdout


def facts(on=None):
    text = shell("cat /proc/uptime /proc/loadavg; grep -c ^processor /proc/cpuinfo; uname -srm; "
                 "cat /proc/meminfo; grep oom_kill /proc/vmstat; cat /proc/net/dev", on)
    lines = text.split("\n")
    memory = {m[1]: int(m[2]) for m in re.finditer(r"^(\w+): +(\d+) kB$", text, re.M)}
    nics = {m[1]: (int(m[2].split()[0]), int(m[2].split()[8]))
            for m in re.finditer(r"^ *([\w.-]+):(.*)$", "\n".join(lines[-40:]), re.M) if len(m[2].split()) == 16}
    return {"uptime": float(lines[0].split()[0]), "load": float(lines[1].split()[0]), "cpus": int(lines[2]),
            "kernel": lines[3], "memory": memory, "nics": nics, "at": time.time()}


def disks(on=None):
    """mount -> (KiB, used, available, Use%, inodes, inodes used), each device once, the shortest mount."""
    mounts = {}
    for line in shell("cat /proc/mounts", on).splitlines():
        device, mount, kind, options = line.split()[:4]
        mounts[mount.replace("\\040", " ")] = (device, kind, options)
    inodes = {}
    for line in shell("LC_ALL=C df -Pi 2>/dev/null", on).splitlines()[1:]:
        f = line.split(None, 5)
        inodes[f[5]] = (f[1], f[2])
    found = {}
    for line in shell("LC_ALL=C df -Pk 2>/dev/null", on).splitlines()[1:]:
        f = line.split(None, 5)
        device, kind, _ = mounts.get(f[5], ("?", "?", ""))
        if kind in NOT_DISKS or (kind == "overlay" and f[5] != "/") or f[1] == "0":
            continue
        row = (int(f[1]), int(f[2]), int(f[3]), int(f[4].rstrip("%")), *inodes.get(f[5], ("-", "-")))
        known = next((m for m in found if found[m][0] == device), None)
        if known is None or len(f[5]) < len(known):
            found.pop(known, None)
            found[f[5]] = (device, row)
    return {mount: row for mount, (_, row) in found.items()}


def processes(on=None):
    rows = {}
    for line in shell("ps -eo pid=,rss=,nlwp=,comm=", on).splitlines():
        f = line.split(None, 3)
        if len(f) == 4 and f[1] != "0":
            rows[int(f[0])] = (int(f[1]), int(f[2]), f[3])
    return rows


def between(value, a, b, slack=0.0):
    return value is not None and min(a, b) - slack <= value <= max(a, b) + slack


def compare_host(label, config, name, on):
    global compared
    before = facts(on)
    code, rows, err = get(config, "hosts")
    after = facts(on)
    row = rows.get(name, {})
    compared += 1
    ok(code == 0 and row.get("state") == "up", f"{label}: the host is up", code, err, row)
    if not row:
        return
    ok(row["cpus"] == before["cpus"] and row["kernel"] == before["kernel"], f"{label}: processors and kernel", row)
    # the second of weir's two rounds lies between the two readings
    ok(between(row["uptime_ms"] / 1000, before["uptime"], after["uptime"], 0.1), f"{label}: uptime is that of /proc/uptime",
       row["uptime_ms"], before["uptime"], after["uptime"])
    ok(between(row["load1"], before["load"], after["load"], 1.0), f"{label}: load is that of /proc/loadavg",
       row["load1"], before["load"], after["load"])

    def used(m):
        return 100 * (m["MemTotal"] - m["MemAvailable"]) / m["MemTotal"]
    ok(between(row["memory"], used(before["memory"]), used(after["memory"]), 3), f"{label}: memory is that of /proc/meminfo",
       row["memory"], used(before["memory"]), used(after["memory"]))
    swap = before["memory"]["SwapTotal"]
    ok((row["swap"] is None) == (swap == 0), f"{label}: swap is absent exactly where there is none", row["swap"], swap)
    ok(row["cpu"] is not None and 0 <= row["cpu"] <= 100 and row["oom_kills"] is not None,
       f"{label}: rates are there after one call", row)
    real = [n for n in after["nics"] if not re.match(r"lo$|veth|docker|br-|virbr|tap|cni|ifb|dummy|bond", n)]
    window = after["at"] - before["at"]
    bound = sum(after["nics"][n][0] - before["nics"][n][0] for n in real if n in before["nics"])
    ok(row["net_in_bytes_per_s"] is None or row["net_in_bytes_per_s"] * min(1.0, window) <= bound + 1,
       f"{label}: no more bytes came in than the interfaces counted", row["net_in_bytes_per_s"], bound)
    ok(abs(row["clock_skew_ms"]) <= row["latency_ms"] / 2 + 20, f"{label}: the same clock is not off",
       row["clock_skew_ms"], row["latency_ms"])
    ok(row["failed_units"] is not None or not os.path.isdir("/run/systemd/system"),
       f"{label}: failed units are absent only without systemd", row["failed_units"])


def compare_disks(label, config, name, on):
    global compared
    before = disks(on)
    code, rows, err = get(config, "hosts.disks", "--scope", f"h/hosts/{name}")
    after = disks(on)
    ok(code == 0 and set(rows) == set(before) & set(after), f"{label}: the file systems are those of df", code, err,
       sorted(rows), sorted(before))
    for mount in sorted(set(rows) & set(before) & set(after)):
        row, a, b = rows[mount], before[mount], after[mount]
        compared += 1
        ok(row["size_bytes"] == a[0] * 1024 and between(row["free_bytes"], a[2] * 1024, b[2] * 1024, 1 << 24)
           and between(math.ceil(row["used"]), a[3], b[3]), f"{label}: {mount} is as full as df says", row, a, b)
        if a[4] in ("-", "0"):
            ok(row["inodes"] is None, f"{label}: {mount} counts no inodes", row)
        else:
            ok(between(row["inodes"], 100 * int(a[5]) / int(a[4]), 100 * int(b[5]) / int(b[4]), 0.2),
               f"{label}: {mount} has as many inodes in use", row, a, b)


def compare_processes(label, config, name, on):
    global compared
    before = processes(on)
    code, rows, err = get(config, "hosts.processes", "--scope", f"h/hosts/{name}")
    after = processes(on)
    rows = {int(pid): row for pid, row in rows.items()}
    stay = sorted(p for p in before if after.get(p, (0, 0, ""))[2] == before[p][2])
    missing = [p for p in stay if p not in rows]
    ok(code == 0 and len(stay) > 3 and not missing, f"{label}: every process that ps lists is there", code, err, missing)
    wrong = []
    for pid in (p for p in stay if p in rows):
        row, a, b = rows[pid], before[pid], after[pid]
        compared += 1
        slack = 0.1 * max(a[0], b[0]) * 1024 + (1 << 21)
        if row["command"] != a[2] or not between(row["threads"], a[1], b[1], 8) or \
                not between(row["memory_bytes"], a[0] * 1024, b[0] * 1024, slack):
            wrong.append((pid, row, a, b))
    ok(not wrong, f"{label}: command, threads and memory of {len(stay)} processes are those of ps", *wrong[:3])
    ok(all(rows[p]["cores"] is not None for p in stay if p in rows), f"{label}: each has its share of the processors")
    mine = [p for p in stay if p in rows and os.access(f"/proc/{p}/fd", os.R_OK)]
    if on is None and mine:
        off = [p for p in mine if rows[p]["fds"] is not None and os.path.isdir(f"/proc/{p}/fd")
               and abs(rows[p]["fds"] - len(os.listdir(f"/proc/{p}/fd"))) > 10 + rows[p]["fds"] // 10]
        ok(len(off) <= len(mine) // 20, f"{label}: open files of {len(mine)} processes are those of /proc", off)
    if on is not None:
        ok(rows.get(1, {}).get("absent", {}).get("fds") in (None, "denied"), f"{label}: another user's files are denied",
           rows.get(1))


def compare(label, config, name, on=None):
    compare_host(label, config, name, on)
    compare_disks(label, config, name, on)
    compare_processes(label, config, name, on)
    code, out, err = weir(config, "show", f"h/hosts/{name}")
    ok(code == 0 and all(word in out for word in ("kernel:", "filesystems:", "pressure:", "transport:")),
       f"{label}: one host whole", code, err, out)


# ---- sshd of our own ------------------------------------------------------------------------------

class Server:
    """An sshd on loopback whose sessions can be frozen, with keys of its own."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("host", "other", "id", "wrong"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", f"{folder}/{name}"], check=True)
        shutil.copy(f"{folder}/id.pub", f"{folder}/authorized")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        write(f"{folder}/sshd", f"HostKey {folder}/host\nListenAddress 127.0.0.1\nPort {self.port}\nPidFile none\n"
              f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
              "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLogLevel VERBOSE\n")
        self.log = open(f"{folder}/log", "w", encoding="utf-8")
        self.process = subprocess.Popen([SSHD, "-D", "-e", "-f", f"{folder}/sshd"], stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        self.silent = socket.socket()   # accepts in the kernel's queue and never answers
        self.silent.bind(("127.0.0.1", 0))
        self.silent.listen(16)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            select_wait(0.05)
        self.configure()

    def configure(self):
        def key(name):
            with open(f"{self.folder}/{name}.pub", encoding="utf-8") as f:
                return " ".join(f.read().split()[:2])
        write(f"{self.folder}/known", f"[127.0.0.1]:{self.port} {key('host')}\n")
        write(f"{self.folder}/known_other", f"[127.0.0.1]:{self.port} {key('other')}\n")
        common = (f"HostName 127.0.0.1\nUser {os.environ.get('USER') or 'root'}\nIdentitiesOnly yes\n"
                  "IdentityAgent none\nGlobalKnownHostsFile /dev/null\n")
        hosts = {
            "fine": ("known", "id", self.port), "frozen": ("known", "id", self.port),
            "unknown": ("none", "id", self.port), "changed": ("known_other", "id", self.port),
            "wrong": ("known", "wrong", self.port), "silent": ("known", "id", self.silent.getsockname()[1]),
        }
        user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        common = re.sub(r"User .*", f"User {user}", common)
        write(f"{self.folder}/config", "".join(
            f"Host {name}\n{common}Port {port}\nUserKnownHostsFile {self.folder}/{known}\nIdentityFile {self.folder}/{key_name}\n"
            for name, (known, key_name, port) in hosts.items()))

    def sessions(self):
        """The sshd processes below the listening one, and below those."""
        parents = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                    parents[int(pid)] = int(f.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
        first = [p for p, parent in parents.items() if parent == self.process.pid]
        return first + [p for p, parent in parents.items() if parent in first]

    def logins(self):
        with open(f"{self.folder}/log", encoding="utf-8") as f:
            return f.read().count("Accepted publickey")

    def close(self):
        for pid in self.sessions():
            os.kill(pid, signal.SIGCONT)
        self.process.terminate()
        self.process.wait(10)
        self.silent.close()
        self.log.close()


def select_wait(seconds):
    import select
    select.select([], [], [], seconds)


class Watch:
    """`weir get hosts --watch`, a line per changed row."""

    def __init__(self, config):
        self.process = subprocess.Popen([WEIR, "--config", config, "get", "hosts", "--watch", "-o", "ndjson"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)

    def until(self, wanted, seconds=60):
        import threading
        timer = threading.Timer(seconds, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                row = json.loads(line)
                if wanted(row):
                    return row
        finally:
            timer.cancel()
        return {}

    def close(self):
        self.process.kill()
        self.process.wait(10)


def keys_and_silence(server, folder):
    config = source(f"{folder}/weir.yaml", ["fine", "unknown", "changed", "wrong", "silent", "local"],
                    ssh_config=f"{server.folder}/config")
    begin = time.time()
    code, rows, err = get(config, "hosts")
    ok(code == 0 and len(rows) == 6, "hosts that fail do not fail the source", code, err, sorted(rows))
    ok(all(rows.get(n, {}).get("state") == "up" for n in ("fine", "local")), "the others are read", rows.get("fine"))
    unknown, changed, wrong = (rows.get(n, {}) for n in ("unknown", "changed", "wrong"))
    with open(f"{server.folder}/host.pub", encoding="utf-8"):
        print_ = subprocess.run(["ssh-keygen", "-lf", f"{server.folder}/host.pub"], stdout=subprocess.PIPE, text=True,
                                check=True).stdout.split()[1]
    ok(unknown.get("state") == "new key" and print_ in unknown.get("why", "")
       and f"ssh -F {server.folder}/config unknown" in unknown.get("why", ""),
       "an unknown key is shown with its fingerprint and what to type", unknown)
    ok(not os.path.exists(f"{server.folder}/none"), "and is written nowhere")
    ok(changed.get("state") == "key changed" and changed.get("health") == "fail", "a changed key is a hard stop", changed)
    ok(wrong.get("state") == "denied" and "it refuses" in wrong.get("why", ""), "a wrong key is named", wrong)
    ok(rows.get("silent", {}).get("health") == "unknown", "a server that is silent is unknown", rows.get("silent"))
    ok(all(rows.get(n, {}).get("cpu") is None and rows.get(n, {}).get("absent", {}).get("cpu") for n in
           ("unknown", "changed", "wrong", "silent")), "what was not read is absent, with its reason", unknown)
    print(f"# with a silent host the one call took {time.time() - begin:.1f} s", flush=True)

    code, _, err = get(config, "hosts.disks", "--scope", "h/hosts/changed")
    ok(code == 3 and "has changed" in err, "one host's kinds say why they cannot be read", code, err)
    code, out, _ = weir(config, "doctor")
    ok("fine login" in out and "changed" in out and "SHA256:" in out, "the doctor tells how far each host came", out)


def silence_over_time(server, folder):
    config = source(f"{folder}/silent.yaml", ["fine", "silent"], ssh_config=f"{server.folder}/config", every="1s")
    watch = Watch(config)
    watch.until(lambda r: r["name"] == "fine" and r["state"] == "up")
    seen = []
    end = time.time() + 12
    while time.time() < end and len(seen) < 5:
        row = watch.until(lambda r: r["name"] == "fine", 12)
        if row:
            seen.append(time.time())
    watch.close()
    gaps = [b - a for a, b in zip(seen, seen[1:])]
    ok(len(seen) >= 4 and max(gaps) < 6, "a host that is silent delays no other", gaps)


def freezing(server, folder):
    config = source(f"{folder}/frozen.yaml", ["frozen", "local"], ssh_config=f"{server.folder}/config", every="1s")
    watch = Watch(config)
    up = watch.until(lambda r: r["name"] == "frozen" and r["state"] == "up")
    ok(bool(up), "a host is up", up)
    logins = server.logins()
    sessions = server.sessions()
    for pid in sessions:
        os.kill(pid, signal.SIGSTOP)
    late = watch.until(lambda r: r["name"] == "frozen" and r["state"] == "late")
    ok(late.get("health") == "unknown" and late.get("cpus") == up.get("cpus"),
       "frozen, it is unknown and keeps what was read", late)
    gone = watch.until(lambda r: r["name"] == "frozen" and r["state"] == "unreachable")
    ok(gone.get("health") == "fail" and re.search(r"unreachable since .*, 3 polls", gone.get("why", "")),
       "after three polls it fails", gone)
    ok(gone.get("at", "9") <= late.get("at", ""), "and its age is that of its last answer", gone.get("at"), late.get("at"))
    for pid in sessions:
        os.kill(pid, signal.SIGCONT)
    back = watch.until(lambda r: r["name"] == "frozen" and r["state"] == "up")
    ok(back.get("at", "") > gone.get("at", "9"), "thawed, it is up again", back)
    ok(server.logins() == logins, "over the same connection", server.logins(), logins)
    for pid in server.sessions():
        os.kill(pid, signal.SIGKILL)
    watch.until(lambda r: r["name"] == "frozen" and r["state"] == "late")
    again = watch.until(lambda r: r["name"] == "frozen" and r["state"] == "up")
    ok(bool(again) and server.logins() == logins + 1, "a connection that ended is made again, once", again,
       server.logins(), logins)
    watch.close()
    for _ in range(100):
        if not server.sessions():
            break
        select_wait(0.1)
    ok(not server.sessions(), "killed, weir leaves no process on the host", server.sessions())


def commands(folder):
    """Hosts that are reached by a command: this machine again, as busybox and from another namespace."""
    if shutil.which("busybox"):
        compare("busybox sh", source(f"{folder}/command.yaml", [], shell="{app-1: [busybox, sh]}"), "app-1")
    else:
        skip("a host by a command", "there is no busybox here")
    config = source(f"{folder}/commands.yaml", ["local", "app-1"], shell="""
          "app-*": [unshare, --uts, sh, -c, "hostname {host}; echo Welcome; exec sh"]
          gone: [sh, -c, "echo 'Error: No such container: {host}' >&2; exit 1"]
          closed: [sh, -c, "exit 0"]
          missing: [weir-no-such-program]
          silent: [sleep, "60"]""")
    code, rows, err = get(config, "hosts")
    why = {name: row.get("why") or "" for name, row in rows.items()}
    ok(code == 0 and rows.get("local", {}).get("state") == "up", "commands that fail do not fail the source", code, err)
    ok("No such container: gone; try: echo uname | sh -c" in why.get("gone", ""),
       "what the command says is told, and what to try", why.get("gone"))
    ok("docker exec -i" in why.get("closed", ""), "one that closes its input is hinted at", why.get("closed"))
    ok("correct the command" in why.get("missing", ""), "one that is missing is named", why.get("missing"))
    ok(rows.get("silent", {}).get("health") == "unknown", "one that is silent is unknown", rows.get("silent"))
    code, out, _ = weir(config, "doctor")
    ok(re.search(r"local probe +lean", out) and re.search(r"silent starting a shell +no answer within 15 s", out),
       "the doctor waits for its end", out)
    if os.geteuid() == 0 and shutil.which("unshare"):
        code, out, err = weir(config, "show", "h/hosts/app-1")
        ok(code == 0 and re.search(r"hostname: app-1$", out, re.M) and "transport: command: unshare --uts" in out,
           "the shell is where the command leads, and what it says first does no harm", code, out, err)
    else:
        skip("a shell in another namespace", "unshare needs root")


def lab_config():
    """The lab's ssh configuration when its sshd answer."""
    path = os.environ.get("LAB_SSH_CONFIG", os.path.join(os.environ.get("LAB_ROOT", "/var/tmp/weir-lab"), "hosts", "ssh_config"))
    for address in ("127.0.10.1", "127.0.10.2"):
        with socket.socket() as s:
            s.settimeout(2)
            if s.connect_ex((address, 2222)) != 0:
                return None
    return path if os.access(path, os.R_OK) else None


def main():
    if not os.access(WEIR, os.X_OK):
        return skip_all(f"{WEIR} is not built")
    folder = tempfile.mkdtemp(prefix="weir-live-hosts-")
    try:
        compare("local", source(f"{folder}/local.yaml", ["local"]), "local")
        commands(folder)
        lab = lab_config()
        for name in ("lab1", "lab2"):
            if lab:
                compare(name, source(f"{folder}/{name}.yaml", [name], ssh_config=lab), name, (lab, name))
            else:
                skip(f"{name}: the same over ssh", "the lab's sshd are not up (make lab)")
        if os.access(SSHD, os.X_OK) and shutil.which("ssh-keygen"):
            os.mkdir(f"{folder}/sshd.d")
            server = Server(f"{folder}/sshd.d")
            try:
                keys_and_silence(server, folder)
                silence_over_time(server, folder)
                freezing(server, folder)
            finally:
                server.close()
        else:
            skip("keys, silence and freezing", "there is no sshd here")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"# {compared} rows compared")
    return finish()


if __name__ == "__main__":
    sys.exit(main())
