"""MLflow's own client against a server that is not MLflow's.

    .oracles/venv/bin/python -I test/full/oracles/mlflow_client.py http://127.0.0.1:5000

Prints one JSON document: the version of the client, and what each step found. A step that fails ends the script.
"""

import json
import logging
import os
import sys
import tempfile
import time

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelStatus, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

logging.getLogger("mlflow").setLevel(logging.ERROR)
STEPS = []


def step(function):
    STEPS.append(function)
    return function


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} in place of {code}: {error.message}"
        return error.message
    raise AssertionError(f"{call.__name__} was not refused")


@step
def registered_models(client):
    made = client.create_registered_model("oracle/model", {"team": "a", "b": "2"}, "first")
    assert (made.name, made.description, made.tags) == ("oracle/model", "first", {"team": "a", "b": "2"})
    refused("RESOURCE_ALREADY_EXISTS", client.create_registered_model, "oracle/model")
    assert client.update_registered_model("oracle/model", "second").description == "second"
    client.set_registered_model_tag("oracle/model", "c", 3)
    client.delete_registered_model_tag("oracle/model", "b")
    assert client.get_registered_model("oracle/model").tags == {"team": "a", "c": "3"}
    client.rename_registered_model("oracle/model", "oracle")
    assert client.get_registered_model("oracle").name == "oracle"
    refused("RESOURCE_DOES_NOT_EXIST", client.get_registered_model, "oracle/model")
    for i in range(5):
        client.create_registered_model(f"page-{i}")
    first = client.search_registered_models("name LIKE 'page-%'", max_results=3)
    assert [model.name for model in first] == ["page-0", "page-1", "page-2"]
    rest = client.search_registered_models("name LIKE 'page-%'", max_results=3, page_token=first.token)
    assert [model.name for model in rest] == ["page-3", "page-4"] and not rest.token
    assert [m.name for m in client.search_registered_models("tags.team = 'a'")] == ["oracle"]
    client.delete_registered_model("page-4")
    refused("INVALID_PARAMETER_VALUE", client.search_registered_models, "nonsense ~ 1")


@step
def model_versions(client):
    for number in (1, 2, 3):
        version = client.create_model_version("oracle", f"s3://bucket/{number}", tags={"n": number}, description="d")
        assert (int(version.version), version.status, version.current_stage) == (number, "READY", "None")
    client.update_model_version("oracle", "2", "changed")
    assert client.get_model_version("oracle", "2").description == "changed"
    client.set_model_version_tag("oracle", "1", "k", "v")
    client.delete_model_version_tag("oracle", "1", "n")
    assert client.get_model_version("oracle", "1").tags == {"k": "v"}
    client.transition_model_version_stage("oracle", 1, "production")
    client.transition_model_version_stage("oracle", "2", "Production", archive_existing_versions=True)
    assert client.get_model_version("oracle", "1").current_stage == "Archived"
    latest = {v.current_stage: v.version for v in client.get_latest_versions("oracle")}
    assert {stage: int(v) for stage, v in latest.items()} == {"None": 3, "Production": 2, "Archived": 1}, latest
    assert [int(v.version) for v in client.get_latest_versions("oracle", ["Production"])] == [2]
    client.set_registered_model_alias("oracle", "champion", 2)
    assert int(client.get_model_version_by_alias("oracle", "champion").version) == 2
    assert str(client.get_registered_model("oracle").aliases["champion"]) == "2"
    client.delete_registered_model_alias("oracle", "champion")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, "oracle", "champion")
    assert client.get_model_version_download_uri("oracle", "3") == "s3://bucket/3"
    copy = client.copy_model_version("models:/oracle/3", "copy")
    assert client.get_model_version_download_uri("copy", copy.version) == "s3://bucket/3"
    found = client.search_model_versions("name='oracle'", order_by=["version_number ASC"])
    assert [int(v.version) for v in found] == [1, 2, 3]
    client.delete_model_version("oracle", "3")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, "oracle", "3")
    assert int(client.create_model_version("oracle", "s3://bucket/4").version) == 4
    refused("INVALID_PARAMETER_VALUE", client.create_model_version, "oracle", "file:///etc/passwd")
    refused("INVALID_PARAMETER_VALUE", client.create_model_version, "oracle", "s3://b/%252e%252e/p")


def pages(search):
    found, token = [], None
    while True:
        page = search(token)
        found += page
        token = page.token
        if not token:
            return found


@step
def searches(client):
    names = [f"Search-{i:03}" for i in range(21)]
    for name in names:
        client.create_registered_model(name)
    versions = []
    for name in names + names[:5]:
        # Times that differ, so that there is one order only.
        time.sleep(0.002)
        versions.append(client.create_model_version(name, "runs:/run_id/model", "run_id"))
    cases = {
        "name LIKE 'Search-%'": lambda n: True,
        "name LIKE 'Search-%7'": lambda n: n.endswith("7"),
        "name ILIKE '%search-00%'": lambda n: "-00" in n,
        "name LIKE '%search-00%'": lambda n: False,
        "name = 'Search-012'": lambda n: n == "Search-012",
    }
    for text, keeps in cases.items():
        for size in (1, 8, 100):
            models = pages(lambda token: client.search_registered_models(text, size, page_token=token))
            assert [m.name for m in models] == [n for n in names if keeps(n)], text
            found = pages(lambda token: client.search_model_versions(text, size, page_token=token))
            expected = [(v.name, v.version) for v in reversed(versions) if keeps(v.name)]
            assert [(v.name, v.version) for v in found] == expected, text
    by_name = client.search_model_versions("name LIKE 'Search-%'", order_by=["name DESC"])
    assert [v.name for v in by_name] == sorted([v.name for v in versions], reverse=True)
    by_number = client.search_model_versions("name LIKE 'Search-%'", order_by=["version_number DESC"])
    assert [(v.version, v.name) for v in by_number] == sorted(
        [(v.version, v.name) for v in versions], key=lambda pair: (-int(pair[0]), pair[1])
    )
    assert len(client.search_model_versions("run_id = 'run_id'")) == 26
    assert len(client.search_model_versions("source_path = 'runs:/run_id/model' AND name = 'Search-000'")) == 2
    message = refused("INVALID_PARAMETER_VALUE", client.get_model_version, "Search-000", "not a number")
    assert "Parameter 'version' must be an integer, got 'not a number'." in message


@step
def times(client):
    def touched(call):
        before = client.get_registered_model("times").last_updated_timestamp
        time.sleep(0.002)
        call()
        return client.get_registered_model("times").last_updated_timestamp > before

    client.create_registered_model("times")
    assert client.get_registered_model("times").latest_versions == []
    assert touched(lambda: client.create_model_version("times", "runs:/r/m", "r"))
    assert touched(lambda: client.create_model_version("times", "runs:/r/n", "r"))
    assert [v.version for v in client.get_registered_model("times").latest_versions] == ["2"]
    assert touched(lambda: client.transition_model_version_stage("times", 1, "Staging"))
    assert {v.version for v in client.get_registered_model("times").latest_versions} == {"1", "2"}
    assert not touched(lambda: client.update_model_version("times", 1, "described"))
    assert touched(lambda: client.delete_model_version("times", "1"))
    for call in (
        lambda: client.delete_model_version("times", "1"),
        lambda: client.update_model_version("times", 1, "x"),
        lambda: client.transition_model_version_stage("times", 1, "Staging"),
    ):
        assert "not found" in refused("RESOURCE_DOES_NOT_EXIST", call)
    stages = ["Archived", "Production", "Archived", "Production", "Staging", "Staging", "None"]
    for number, stage in enumerate(stages, start=3):
        assert client.create_model_version("times", "runs:/r/m", "r").version == str(number)
        if stage != "None":
            client.transition_model_version_stage("times", number, stage)
    latest = lambda wanted: {v.current_stage: int(v.version) for v in client.get_latest_versions("times", wanted)}
    every = {"Archived": 5, "Production": 6, "Staging": 8, "None": 9}
    assert latest(["None"]) == {"None": 9} and latest(["None", "Staging"]) == {"None": 9, "Staging": 8}
    assert latest(None) == every and latest([]) == every
    client.set_registered_model_tag("times", "empty", "")
    client.set_model_version_tag("times", "2", "empty", "")
    client.set_model_version_tag("times", "2", "number", 12345)
    assert client.get_registered_model("times").tags == {"empty": ""}
    assert client.get_model_version("times", "2").tags == {"empty": "", "number": "12345"}
    client.delete_registered_model("times")
    assert "not found" in refused("RESOURCE_DOES_NOT_EXIST", client.rename_registered_model, "times", "new")
    client.create_registered_model("times")
    assert client.create_model_version("times", "runs:/r/m", "r").version == "1"


@step
def experiments(client):
    experiment = client.create_experiment("oracle", tags={"a": "1"})
    assert client.get_experiment_by_name("oracle").experiment_id == experiment
    assert client.get_experiment("0").name == "Default"
    client.set_experiment_tag(experiment, "b", "2")
    client.rename_experiment(experiment, "oracle-2")
    kept = client.get_experiment(experiment)
    assert (kept.name, kept.tags) == ("oracle-2", {"a": "1", "b": "2"})
    assert [e.name for e in client.search_experiments(filter_string="tags.b = '2'")] == ["oracle-2"]
    client.delete_experiment(experiment)
    assert client.search_experiments(ViewType.DELETED_ONLY)[0].lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, "oracle-2")


@step
def runs(client):
    experiment = client.get_experiment_by_name("oracle-2").experiment_id
    run = client.create_run(experiment, run_name="first", tags={"t": "1"})
    run_id = run.info.run_id
    client.log_metric(run_id, "loss", 0.5, step=1)
    client.log_metric(run_id, "loss", float("nan"), step=2)
    client.log_metric(run_id, "big", float("inf"))
    client.log_param(run_id, "p", "x")
    client.log_param(run_id, "p", "x")
    refused("INVALID_PARAMETER_VALUE", client.log_param, run_id, "p", "y")
    metrics = [Metric("acc", i / 1000, i, i) for i in range(1000)]
    client.log_batch(run_id, metrics=metrics)
    client.log_batch(run_id, params=[Param("q", "1")], tags=[RunTag("u", "2")])
    history = client.get_metric_history(run_id, "acc")
    assert [m.value for m in history] == [m.value for m in metrics]
    client.log_inputs(run_id, [DatasetInput(Dataset("d", "digest", "local", "{}"), [InputTag("mlflow.data.context", "train")])])
    client.set_tag(run_id, "v", "3")
    client.delete_tag(run_id, "t")
    client.set_terminated(run_id, "FINISHED")
    read = client.get_run(run_id)
    assert read.info.status == "FINISHED" and read.info.run_name == "first" and read.info.end_time
    assert read.data.params == {"p": "x", "q": "1"} and read.data.metrics["acc"] == 0.999
    assert {k: v for k, v in read.data.tags.items() if not k.startswith("mlflow.")} == {"u": "2", "v": "3"}
    assert read.inputs.dataset_inputs[0].dataset.digest == "digest"
    second = client.create_run(experiment, run_name="second")
    client.log_metric(second.info.run_id, "acc", 0.1)
    found = client.search_runs([experiment], "metrics.acc > 0.5 and params.p = 'x' and attributes.status = 'FINISHED'")
    assert [each.info.run_id for each in found] == [run_id]
    ordered = client.search_runs([experiment], order_by=["metrics.acc ASC"])
    assert [each.info.run_name for each in ordered] == ["second", "first"]
    client.delete_run(second.info.run_id)
    assert len(client.search_runs([experiment])) == 1
    client.restore_run(second.info.run_id)
    assert len(client.search_runs([experiment])) == 2
    refused("RESOURCE_DOES_NOT_EXIST", client.get_run, "0" * 32)


@step
def artifacts(client):
    run_id = client.create_run("0").info.run_id
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.bin")
        with open(path, "wb") as file:
            file.write(bytes(range(256)) * 4096)
        client.log_artifact(run_id, path, "model/deep")
        client.log_text(run_id, "text", "notes.txt")
        empty = os.path.join(folder, "empty")
        open(empty, "w").close()
        client.log_artifact(run_id, empty)
        listed = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id)]
        assert sorted(listed, key=str) == [("empty", False, 0), ("model", True, None), ("notes.txt", False, 4)], listed
        assert [f.path for f in client.list_artifacts(run_id, "model/deep")] == ["model/deep/model.bin"]
        back = client.download_artifacts(run_id, "model", os.path.join(folder))
        with open(os.path.join(back, "deep", "model.bin"), "rb") as file:
            assert file.read() == bytes(range(256)) * 4096
        assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes.txt") == "text"
        version = client.create_model_version("oracle", f"runs:/{run_id}/model", run_id)
        uri = client.get_run(run_id).info.artifact_uri
        version = client.create_model_version("oracle", f"{uri}/model", run_id)
        assert client.get_model_version_download_uri("oracle", version.version) == f"{uri}/model"


@step
def logged_models(client):
    experiment = client.get_experiment_by_name("oracle-2").experiment_id
    run = client.create_run(experiment)
    model = client.create_logged_model(experiment, "net", run.info.run_id, tags={"a": "1"}, params={"lr": "0.1"}, model_type="agent")
    client.log_metric(run.info.run_id, "f1", 0.9, model_id=model.model_id)
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.set_logged_model_tags(model.model_id, {"b": "2"})
    client.delete_logged_model_tag(model.model_id, "a")
    read = client.get_logged_model(model.model_id)
    assert (str(read.status), read.tags, read.params) == ("READY", {"b": "2"}, {"lr": "0.1"}), read
    assert read.metrics[0].value == 0.9
    found = client.search_logged_models([experiment], "metrics.f1 > 0.5")
    assert [each.model_id for each in found] == [model.model_id]
    client.delete_logged_model(model.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, model.model_id)


@step
def fluent(client):
    mlflow.set_experiment("fluent")
    with mlflow.start_run() as run:
        mlflow.log_params({"depth": 3})
        mlflow.log_metrics({"score": 0.7}, step=1)
        mlflow.set_tag("kind", "demo")
        mlflow.log_dict({"a": 1}, "data.json")
    frame = mlflow.search_runs(experiment_names=["fluent"], output_format="list")
    assert frame[0].info.run_id == run.info.run_id and frame[0].data.metrics == {"score": 0.7}


def main(uri):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    done = []
    for function in STEPS:
        function(client)
        done.append(function.__name__)
    print(json.dumps({"tool": "mlflow", "version": mlflow.__version__, "done": done}))


main(sys.argv[1])
