"""What MLflow's own client finds of a version that was pushed into a server.

    python -I test/full/mlflow_read.py http://127.0.0.1:5000 NAME VERSION

Prints one JSON document.
"""

import hashlib
import json
import os
import sys
import tempfile

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow
from mlflow.tracking import MlflowClient


def digests(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(path, name)
            with open(whole, "rb") as file:
                yield os.path.relpath(whole, folder), hashlib.sha256(file.read()).hexdigest()


def main(uri, name, number):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    version = client.get_model_version(name, number)
    run = client.get_run(version.run_id)
    with tempfile.TemporaryDirectory() as folder:
        by_model = dict(digests(mlflow.artifacts.download_artifacts(f"models:/{name}/{number}", dst_path=folder)))
    found = {
        "description": version.description,
        "tags": version.tags,
        "files": by_model,
        "artifacts": [file.path for file in client.list_artifacts(version.run_id, "model")],
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "run": {"name": run.info.run_name, "status": run.info.status},
        # JSON has no words for some numbers.
        "metrics": {key: repr(value) for key, value in run.data.metrics.items()},
        "params": run.data.params,
        "versions": len(client.search_model_versions(f"name = '{name}'")),
    }
    print(json.dumps(found))


main(*sys.argv[1:])
