FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /opt/incidents
COPY requirements.lock ./
RUN pip install --no-cache-dir uv && uv pip install --system --no-cache --require-hashes --compile-bytecode -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY pipeline ./pipeline
COPY schemas ./schemas
COPY dags ./dags
COPY samples ./samples
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable . \
 && useradd --uid 50000 --create-home incidents \
 && mkdir -p /data /airflow && chown incidents /data /airflow
USER incidents
ENV INCIDENTS_HOME=/data AIRFLOW_HOME=/airflow AIRFLOW__CORE__DAGS_FOLDER=/opt/incidents/dags AIRFLOW__CORE__PLUGINS_FOLDER=/opt/incidents/pipeline/orchestration/airflow_plugins GX_ANALYTICS_ENABLED=false
ENTRYPOINT ["python", "-m", "airflow"]
