/* The configuration with which weir opens the simulation, in the simulation's own folder. */
#include <string.h>

#include "error.h"
#include "machines.h"
#include "plot.h"
#include "sim.h"

static void add_hosts(const struct sim *s, GString *out)
{
    const struct machines *all = s->world->machines;
    g_string_append(out, "        hosts: [");
    for (guint i = 0; i < machines_count(all); i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", machines_at(all, i)->name);
    g_string_append(out, "]\n        roles: {kafka: [\"dp-b*\"], trino: [\"dp-t*\"], "
                         "airflow: [\"dp-a*\"], work: [\"dp-w*\"]}\n");
}

static void add_service(const struct sim *s, const struct port *p, GString *out)
{
    static const struct {
        const char *service, *name, *type, *more;
    } sources[] = {
        {"kafka", "events", "kafka", ""},
        {"airflow", "scheduler", "airflow", ", username: admin, password: {file: \"%s/password\"}"},
        {"trino", "warehouse", "trino", ", username: oncall"},
        {"alertmanager", "alerts", "alertmanager", ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (!g_str_equal(sources[i].service, p->service->name))
            continue;
        g_auto(GStrv) around = g_strsplit(sources[i].more, "%s", 2);
        g_autofree char *more = g_strjoinv(s->folder, around);
        g_string_append_printf(out, "      %s: {type: %s, url: \"%s://127.0.0.1:%d\"%s",
            sources[i].name, sources[i].type, p->tls ? "https" : "http", p->number, more);
        if (p->tls)
            g_string_append_printf(out, ", ca_file: \"%s/ca.pem\"", s->folder);
        g_string_append(out, "}\n");
    }
}

char *sim_config(const struct sim *s)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out,
        "# The simulated platform%s%s. It ends with weir-sim.\n"
        "environments:\n  simulated:\n    class: dev\n    simulated: true\n    sources:\n",
        s->world->plot ? ": " : "", s->world->plot ? s->world->plot->title : "");
    for (guint i = 0; i < s->ports->len; i++) {
        const struct port *p = g_ptr_array_index(s->ports, i);
        if (p->service)
            add_service(s, p, out);
    }
    g_string_append(out, "      cluster:\n        type: hosts\n");
    add_hosts(s, out);
    g_string_append_printf(out,
        "        shell: {\"dp-*\": [\"%s\", host, \"{host}\", \"--socket\", \"%s\"]}\n", self,
        s->socket);
    g_string_append(out, "      here: {type: hosts, hosts: [local]}\n");
    return g_string_free(out, FALSE);
}
