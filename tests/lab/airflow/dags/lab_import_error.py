"""An import error. Airflow only parses files that hold the words airflow and dag."""
import no_such_module_of_the_lab  # noqa: F401
