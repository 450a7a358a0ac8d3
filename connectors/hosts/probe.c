#include "probe.h"

#include <string.h>
#include <sys/random.h>

/* Rules for both scripts: nothing is written, nothing reads our standard input, what hangs (a dead
 * network file system) ends after 3 s, and no process name, mount point or file content is ever
 * expanded by the shell. Static facts are read when the script is loaded. "{" and "}" never stand side
 * by side: that would be a placeholder in the gate's table. */

const char probe_lean[] =
    "{ LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin; cd /proc\n"
    "T='timeout 3'; $T true || T=\n"
    "H=\"kernel $(uname -srm)\n"
    "page $(getconf PAGESIZE)\n"
    "tick $(getconf CLK_TCK)\n"
    "$(sed -n 's/^PRETTY_NAME=/os /p' /etc/os-release)\"\n"
    "} </dev/null 2>/dev/null\n"
    "probe(){ echo \"@@$1 head\"; date '+date %s.%N'; echo \"$H\"\n"
    "{ echo \"$1\"; case $1 in p*) echo [0-9]*;; *) echo -;; esac\n"
    "$T df -kl -x tmpfs -x devtmpfs -x squashfs "
    "--output=source,fstype,size,used,avail,itotal,iused,target; echo \"@rc $?\"\n"
    "[ -d /run/systemd/system ] && { $T systemctl list-units --failed --no-legend --plain "
    "--no-pager; echo \"@rc $?\"; }\n"
    "} | awk '\n"
    "function s(x){print \"@@\" N \" \" x}\n"
    "function r(f,e,l){while((getline l<f)>0)if(l~e)print l;close(f)}\n"
    "function q(f,l){while((getline l<(\"pressure/\" f))>0)print f,l;close(\"pressure/\" f)}\n"
    "NR==1{N=$1\n"
    "s(\"up\");r(\"uptime\",\"\");r(\"loadavg\",\"\")\n"
    "s(\"stat\");while((getline l<\"stat\")>0)if(l~/^cpu[0-9]/)c++;"
    "else if(l~/^(cpu |btime )/)print l;close(\"stat\");print \"cpus\",c\n"
    "s(\"mem\");r(\"meminfo\",\"^(MemTotal|MemFree|MemAvailable|Buffers|Cached|SReclaimable|"
    "SwapTotal|SwapFree):\")\n"
    "s(\"vm\");r(\"vmstat\",\"^oom_kill \")\n"
    "s(\"psi\");q(\"cpu\");q(\"memory\");q(\"io\")\n"
    "s(\"net\");while((getline l<\"net/dev\")>0)"
    "if(l~/:/&&l!~/^ *(lo|veth|cali|lxc|vnet|tap|ifb|dummy)/)print l;close(\"net/dev\")\n"
    "s(\"id\");r(\"sys/kernel/random/boot_id\",\"\");r(\"sys/kernel/hostname\",\"\")\n"
    "s(\"ro\");r(\"mounts\",\" (ext[234]|xfs|btrfs|zfs|f2fs) ro[, ]\");next}\n"
    "NR==2{n=split($0,P,\" \");s(\"df\");next}\n"
    "/^@rc [0-9]+$/{print \"rc\",$2;if(++k==1)s(\"units\");next}\n"
    "k{print $1,$2;next}\n"
    "$2!=\"overlay\"||$NF==\"/\"{print \"d\",$0}\n"
    "END{if(P[1]==\"-\")exit\n"
    "s(\"ps\");for(i=1;i<=n;i++){f=P[i] \"/stat\";t=\"\";while((getline l<f)>0)t=t l;close(f)\n"
    "if(!match(t,/^.*\\) /))continue\n"
    "split(substr(t,RLENGTH+1),a,\" \")\n"
    "if(a[22]>0)print P[i],a[1],a[12],a[13],a[18],a[20],a[22],"
    "substr(t,index(t,\"(\")+1,RLENGTH-2-index(t,\"(\"))}}'\n"
    "case $1 in p*) N=$1; echo \"@@$N fd\"; for p in [0-9]*/fd; do set -- $p/*; case $1 in *\\*) "
    ";; "
    "*) echo \"${p%/fd} $#\";; esac; done; set -- $N;; esac\n"
    "echo \"@@$1 end\"\n"
    "} </dev/null 2>/dev/null";

const char probe_portable[] =
    "{ LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin; cd /proc\n"
    "T='timeout 3'; $T true || T=\n"
    "H=\"kernel $(uname -srm)\n"
    "page $(getconf PAGESIZE)\n"
    "tick $(getconf CLK_TCK)\n"
    "$(grep '^PRETTY_NAME=' /etc/os-release)\"\n"
    "} </dev/null 2>/dev/null\n"
    "probe(){ N=$1; s(){ echo \"@@$N $1\"; }; s head; date '+date %s.%N'; echo \"$H\"\n"
    "s up; cat uptime loadavg\n"
    "s stat; grep -E '^(cpu|btime )' stat\n"
    "s mem; grep -E '^(MemTotal|MemFree|MemAvailable|Buffers|Cached|SReclaimable|SwapTotal|"
    "SwapFree):' meminfo\n"
    "s vm; grep '^oom_kill ' vmstat\n"
    "s psi; for f in cpu memory io; do [ -r pressure/$f ] && while read -r l; do echo \"$f $l\"; "
    "done <pressure/$f; done\n"
    "s net; grep : net/dev\n"
    "s id; cat sys/kernel/random/boot_id sys/kernel/hostname\n"
    "s dfk; $T df -Pk; echo \"rc $?\"\n"
    "s dfi; $T df -Pi\n"
    "s mounts; grep -vE ' (proc|sysfs|cgroup2?|devpts|mqueue|debugfs|tracefs|bpf|"
    "securityfs|pstore|configfs|nsfs|fusectl|hugetlbfs|binfmt_misc) ' mounts\n"
    "s units; [ -d /run/systemd/system ] && { $T systemctl list-units --failed --no-legend --plain "
    "--no-pager; echo \"rc $?\"; }\n"
    "case $N in p*) s pstat; cat [0-9]*/stat\n"
    "s fd; for p in [0-9]*/fd; do set -- $p/*; case $1 in *\\*) ;; *) echo \"${p%/fd} $#\";; esac; "
    "done;; esac\n"
    "s end\n"
    "} </dev/null 2>/dev/null";

void probe_word(char word[PROBE_WORD_MAX], bool full)
{
    guint32 random[4];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        for (unsigned i = 0; i < G_N_ELEMENTS(random); i++)
            random[i] = g_random_int();
    g_snprintf(word, PROBE_WORD_MAX, "%c.%08x%08x%08x%08x", full ? 'p' : 'b', random[0], random[1],
        random[2], random[3]);
}

char *probe_line(const char *word)
{
    return g_strconcat("probe ", word, NULL);
}

char *probe_end(const char *word)
{
    return g_strconcat("@@", word, " end", NULL);
}
