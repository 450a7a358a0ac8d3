"""An executor that behaves like a Celery queue to which no worker listens."""
from airflow.executors.base_executor import BaseExecutor


class NoWorkerExecutor(BaseExecutor):
    """Takes every task and drops it. The task stays queued, as it would with a broker that holds the
    message for a worker that is gone. It is not kept here, so that it uses none of the slots that
    the real executor shares with this one."""

    def trigger_tasks(self, open_slots):
        self.queued_tasks.clear()

    def end(self):
        pass

    def terminate(self):
        pass
