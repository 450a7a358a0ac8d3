"""One DAG for each thing that an on-call sees in Airflow. Triggered by the lab (seed.py), not by time.

Every state of a task instance but `removed` and `restarting` is in here, and those that matter stay:
they do not depend on looking at the right second.
"""
import time
from datetime import datetime, timedelta

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import Param, dag, get_current_context, task, task_group

# Longer than anybody keeps a lab running.
ALWAYS = timedelta(days=60)

lab = {"schedule": None, "start_date": datetime(2025, 1, 1), "catchup": False}

# For states that last: the lab is stopped without asking, perhaps in the second in which such a task
# runs, and it must find back.
lasting = {"default_args": {"retries": 1000, "retry_delay": timedelta(seconds=5)}, **lab}


@dag(
    tags=["lab", "green"],
    description="always green",
    doc_md="# lab_success\nalways **green**",
    default_args={"owner": "data-platform"},
    params={"n": Param(3, type="integer", minimum=1), "env": Param("dev", enum=["dev", "prod"])},
    **lab,
)
def lab_success():
    @task
    def extract(params=None):
        print("extract, n =", params["n"])
        return {"rows": 42, "name": "żółw ☃"}

    @task
    def load(found):
        print("loaded", found)

    load(extract())


@dag(tags=["lab", "red"], default_args={"owner": "data-platform"}, **lab)
def lab_fail_chain():
    """failed, then upstream_failed twice; beside it tasks that run because of the failure, and a
    branch not taken (skipped)."""

    @task
    def ok():
        print("fine")

    @task(retries=0)
    def boom():
        try:
            try:
                {}["trino"]
            except KeyError as missing:
                raise ConnectionError("connection refused: trino:8080") from missing
        except ConnectionError:
            # Without `from`: "During handling of the above exception, another exception occurred".
            raise ValueError("kaboom 42")

    @task
    def after():
        print("never")

    @task
    def after_that():
        print("never")

    @task(trigger_rule="one_failed")
    def alert():
        print("alert sent")

    @task(trigger_rule="all_done")
    def cleanup():
        print("cleaned up")

    @task.branch
    def choose():
        return "branch_taken"

    @task
    def branch_taken():
        print("taken")

    @task
    def branch_not_taken():
        print("never")

    failing = boom()
    ok() >> failing >> after() >> after_that()
    failing >> [alert(), cleanup()]
    choose() >> [branch_taken(), branch_not_taken()]


@dag(tags=["lab", "retry"], **lab)
def lab_retry():
    """flaky is up_for_retry nearly all the time; third_time fails twice, then works."""

    @task(retries=5000, retry_delay=timedelta(minutes=15))
    def flaky():
        raise RuntimeError("retry me")

    @task(retries=2, retry_delay=timedelta(seconds=3))
    def third_time(ti=None):
        print("try", ti.try_number)
        if ti.try_number < 3:
            raise RuntimeError(f"try {ti.try_number} fails")

    flaky()
    third_time()


@dag(tags=["lab", "long"], params={"seconds": int(ALWAYS.total_seconds())}, **lasting)
def lab_long():
    """running, with a line in its log every two seconds"""

    @task
    def slow(params=None):
        for tick in range(int(params["seconds"]) // 2):
            print("tick", tick, flush=True)
            time.sleep(2)

    slow()


@dag(tags=["lab", "mapped"], max_active_tasks=4, params={"n": 16}, **lab)
def lab_mapped():
    """mapped tasks with names; indexes 7 and 15 fail"""

    @task
    def numbers(params=None):
        return list(range(int(params["n"])))

    @task(map_index_template="item {{ i }}", retries=0)
    def work(i):
        get_current_context()["i"] = i
        if i % 8 == 7:
            raise ValueError(f"bad item {i}")
        return i * i

    @task(trigger_rule="all_done")
    def total(squares):
        print(sum(square for square in squares if square))

    total(work.expand(i=numbers()))


@dag(tags=["lab", "group"], **lab)
def lab_groups():
    """groups in groups"""

    @task
    def start():
        print("start")

    @task_group
    def outer():
        @task
        def first():
            print("first")

        @task_group
        def inner():
            @task
            def second():
                print("second")

            @task
            def third():
                print("third")

            second() >> third()

        first() >> inner()

    @task
    def end():
        print("end")

    start() >> outer() >> end()


@dag(tags=["lab", "pool"], **lasting)
def lab_pool():
    """Four tasks in pool `one`, which has one slot: one running, three scheduled."""

    @task(pool="one")
    def waits(i):
        time.sleep(ALWAYS.total_seconds())

    waits.expand(i=[1, 2, 3, 4])


@dag(tags=["lab", "queued"], **lab)
def lab_no_worker():
    """queued for ever: its executor takes tasks and no worker fetches them"""

    @task(executor="NoWorker")
    def unheard():
        print("never")

    unheard()


@dag(tags=["lab", "queued"], max_active_runs=1, **lasting)
def lab_one_run():
    """One run at a time: the first waits, the others are queued runs."""

    TimeDeltaSensor(task_id="hold", delta=ALWAYS, deferrable=True)


@dag(tags=["lab", "deferred"], **lasting)
def lab_deferred():
    """deferred and up_for_reschedule"""

    TimeDeltaSensor(task_id="wait", delta=ALWAYS, deferrable=True)
    PythonSensor(
        task_id="poke",
        python_callable=lambda: False,
        mode="reschedule",
        poke_interval=1200,
        timeout=ALWAYS.total_seconds(),
    )


@dag(tags=["lab", "input"], **lasting)
def lab_input():
    """awaiting_input: somebody must say yes"""

    ApprovalOperator(task_id="approve", subject="Load the late file?", response_timeout=ALWAYS)


lab_success()
lab_fail_chain()
lab_retry()
lab_long()
lab_mapped()
lab_groups()
lab_pool()
lab_no_worker()
lab_one_run()
lab_deferred()
lab_input()
