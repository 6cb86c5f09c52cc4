"""The only code that knows Airflow: its environment, the drop folder's trigger, tasks, embedded and standing runs."""
