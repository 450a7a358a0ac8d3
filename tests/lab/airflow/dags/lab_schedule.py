"""DAGs that start by themselves: by time, by an asset, and one that is paused."""
import time
from datetime import datetime

from airflow.sdk import Asset, dag, task

lab = {"start_date": datetime(2025, 1, 1), "catchup": False}

orders = Asset(name="orders", uri="s3://lab/orders")
customers = Asset(name="customers", uri="s3://lab/customers")


@dag(tags=["lab", "late"], schedule="*/10 * * * *", **lab)
def lab_every_10min():
    """becomes late when the scheduler is stopped"""

    @task
    def on_time():
        print("on time")

    on_time()


@dag(tags=["lab", "paused"], schedule="@hourly", is_paused_upon_creation=True, **lab)
def lab_paused():
    @task
    def never():
        print("never")

    never()


@dag(tags=["lab", "backfill"], schedule="@yearly", max_active_runs=2, **lab)
def lab_backfill():
    """Its backfill makes one run a year: 2021 to 2024."""

    @task
    def one_year(ds=None):
        print("year of", ds)
        time.sleep(2)

    one_year()


@dag(tags=["lab", "asset"], schedule=None, **lab)
def lab_producer():
    @task(outlets=[orders])
    def produce():
        print("produced")

    produce()


@dag(tags=["lab", "asset"], schedule=[orders], **lab)
def lab_consumer():
    @task
    def consume(triggering_asset_events=None):
        print(triggering_asset_events)

    consume()


@dag(tags=["lab", "asset"], schedule=[orders, customers], **lab)
def lab_consumer_both():
    """waits for ever: nothing makes customers"""

    @task
    def join():
        print("never")

    join()


lab_every_10min()
lab_paused()
lab_backfill()
lab_producer()
lab_consumer()
lab_consumer_both()
