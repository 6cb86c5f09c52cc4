"""Found by Airflow in its plugins folder: the data-quality pages inside its UI."""

from pipeline.orchestration.plugin import DataQualityPlugin as DataQualityPlugin
