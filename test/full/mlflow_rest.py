"""What a server of MLflow promises beyond the everyday: one scenario for each area that MLflow's own tests of its registry
and of its REST tracking cover (without traces, scorers, prompts and GraphQL).

    python -I test/full/mlflow_rest.py http://127.0.0.1:5000

Prints one JSON document: by scenario `ok`, or what went wrong. Runs as well against MLflow's own server, which shows that
the scenarios are right.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
import warnings

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow
import requests
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
    Metric,
    Param,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

logging.getLogger("mlflow").setLevel(logging.ERROR)
warnings.simplefilter("ignore")
SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code} in place of {code}: {error.message}"
        return error.message
    raise AssertionError("it was not refused")


class House:
    def __init__(self, url):
        self.url = url
        self.client = MlflowClient(url)

    def post(self, route, api="api/2.0/mlflow", method="POST", **body):
        return requests.request(method, f"{self.url}/{api}/{route}", json=body)

    def get(self, route, api="api/2.0/mlflow", **params):
        return requests.get(f"{self.url}/{api}/{route}" if api else f"{self.url}/{route}", params=params)

    def bad(self, response, text, status=400, code="INVALID_PARAMETER_VALUE"):
        assert response.status_code == status, f"{response.status_code}: {response.text[:300]}"
        body = response.json()
        assert body["error_code"] == code, body
        assert text in body["message"], body["message"]

    def run(self, **kwargs):
        return self.client.create_run(kwargs.pop("experiment_id", "0"), **kwargs)


AJAX = "ajax-api/2.0/mlflow"

# The registry.


@scenario
def registered_model_rename_and_update(house):
    client, name, taken = house.client, fresh("m"), fresh("taken")
    client.create_registered_model(name, {"a": "1"}, "first")
    client.create_registered_model(taken)
    client.create_model_version(name, "runs:/r/m", "r", tags={"v": "1"})
    client.set_registered_model_alias(name, "champion", "1")
    before = client.get_registered_model(name)
    time.sleep(0.002)
    refused("RESOURCE_ALREADY_EXISTS", client.rename_registered_model, name, taken)
    new = fresh("n")
    client.rename_registered_model(name, new)
    after = client.get_registered_model(new)
    assert (after.name, after.tags, after.description) == (new, {"a": "1"}, "first")
    assert after.last_updated_timestamp > before.last_updated_timestamp
    assert after.creation_timestamp == before.creation_timestamp
    version = client.get_model_version_by_alias(new, "champion")
    assert (version.name, version.version, version.tags) == (new, "1", {"v": "1"}), version
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, name, "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.update_registered_model, name, "x")
    assert client.update_registered_model(new, "").description in ("", None)


@scenario
def registered_model_delete(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    client.create_model_version(name, "runs:/r/m", "r")
    client.delete_registered_model(name)
    for call in (client.delete_registered_model, client.get_registered_model):
        assert "not found" in refused("RESOURCE_DOES_NOT_EXIST", call, name)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, name, "1")
    assert client.search_registered_models(f"name = '{name}'") == []
    assert client.search_model_versions(f"name = '{name}'") == []


@scenario
def registered_model_names(house):
    client = house.client
    for name in (fresh("with/slash"), fresh("with space ünï"), fresh("quote ' inside")):
        client.create_registered_model(name)
        assert client.get_registered_model(name).name == name
        assert client.create_model_version(name, "runs:/r/m", "r").version == "1"
    refused("INVALID_PARAMETER_VALUE", client.create_registered_model, "")


@scenario
def registered_model_tags(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name, {"numeric": 1.5})
    assert client.get_registered_model(name).tags == {"numeric": "1.5"}
    client.set_registered_model_tag(name, "numeric", "changed")
    client.set_registered_model_tag(name, "empty", "")
    client.delete_registered_model_tag(name, "never there")
    assert client.get_registered_model(name).tags == {"numeric": "changed", "empty": ""}
    client.delete_registered_model_tag(name, "numeric")
    assert client.get_registered_model(name).tags == {"empty": ""}
    missing = fresh("none")
    refused("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_tag, missing, "k", "v")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_registered_model_tag, missing, "k")
    refused("INVALID_PARAMETER_VALUE", client.set_registered_model_tag, name, "k" * 251, "v")
    refused("INVALID_PARAMETER_VALUE", client.set_registered_model_tag, name, "k", "v" * 100_001)


@scenario
def model_version_tags(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    client.create_model_version(name, "runs:/r/m", "r", tags={"a": 1})
    client.set_model_version_tag(name, "1", "b", "2")
    client.set_model_version_tag(name, "1", "a", "one")
    client.delete_model_version_tag(name, "1", "never there")
    assert client.get_model_version(name, "1").tags == {"a": "one", "b": "2"}
    refused("RESOURCE_DOES_NOT_EXIST", client.set_model_version_tag, name, "2", "k", "v")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_model_version_tag, name, "2", "k")
    client.transition_model_version_stage(name, 1, "Staging")
    client.set_model_version_tag(name, key="by", value="stage", stage="Staging")
    assert client.get_model_version(name, "1").tags["by"] == "stage"
    client.delete_model_version_tag(name, key="by", stage="Staging")
    assert "by" not in client.get_model_version(name, "1").tags


@scenario
def model_version_create_and_get(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    before = int(time.time() * 1000)
    made = client.create_model_version(
        name, "s3://bucket/model", "run-1", {"k": "v"}, "http://link", "described"
    )
    read = client.get_model_version(name, "1")
    for version in (made, read):
        found = (version.name, version.version, version.source, version.run_id, version.run_link)
        assert found == (name, "1", "s3://bucket/model", "run-1", "http://link"), found
        assert (version.status, version.current_stage, version.description) == ("READY", "None", "described")
        assert before <= version.creation_timestamp <= version.last_updated_timestamp
        assert version.tags == {"k": "v"}
    plain = client.create_model_version(name, "s3://bucket/model")
    assert (plain.version, plain.run_id or "", plain.run_link or "") == ("2", "", "")
    refused("RESOURCE_DOES_NOT_EXIST", client.create_model_version, fresh("none"), "s3://b/m")
    refused("RESOURCE_DOES_NOT_EXIST", client.get_model_version, name, "3")
    assert client.update_model_version(name, 2, "now described").description == "now described"
    assert [v.version for v in client.get_registered_model(name).latest_versions] == ["2"]


@scenario
def model_version_copies(house):
    client, name, copy = house.client, fresh("m"), fresh("copy")
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/1", "run-1", {"k": "v"}, description="d")
    client.set_registered_model_alias(name, "champion", "1")
    first = client.copy_model_version(f"models:/{name}/1", copy)
    second = client.copy_model_version(f"models:/{name}@champion", copy)
    assert (first.version, second.version) == ("1", "2")
    read = client.get_model_version(copy, "1")
    assert (read.source, read.run_id, read.description, read.tags, read.aliases) == (
        f"models:/{name}/1",
        "run-1",
        "d",
        {"k": "v"},
        [],
    ), read
    again = client.copy_model_version(f"models:/{copy}/1", fresh("deep"))
    assert client.get_model_version_download_uri(again.name, again.version) == "s3://bucket/1"
    assert "RESOURCE_DOES_NOT_EXIST" in refused("INTERNAL_ERROR", client.copy_model_version, f"models:/{name}/9", copy)


@scenario
def model_version_stages(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    for _ in range(4):
        client.create_model_version(name, "runs:/r/m", "r")
    client.transition_model_version_stage(name, "1", "Staging")
    client.transition_model_version_stage(name, "2", "staging")
    assert [client.get_model_version(name, str(i)).current_stage for i in (1, 2)] == ["Staging"] * 2
    client.transition_model_version_stage(name, "3", "STAGING", archive_existing_versions=True)
    assert [client.get_model_version(name, str(i)).current_stage for i in (1, 2, 3)] == [
        "Archived",
        "Archived",
        "Staging",
    ]
    client.transition_model_version_stage(name, "3", "None")
    refused("INVALID_PARAMETER_VALUE", client.transition_model_version_stage, name, "1", "live")
    for stage in ("None", "Archived"):
        body = {"name": name, "version": "4", "stage": stage, "archive_existing_versions": True}
        assert house.post("model-versions/transition-stage", **body).status_code >= 400
    refused("RESOURCE_DOES_NOT_EXIST", client.transition_model_version_stage, name, "9", "Staging")
    client.delete_model_version(name, "3")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_model_version, name, "3")


@scenario
def aliases(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    for _ in range(2):
        client.create_model_version(name, "runs:/r/m", "r")
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "challenger", 2)
    client.set_registered_model_alias(name, "champion", "2")
    assert {k: str(v) for k, v in client.get_registered_model(name).aliases.items()} == {
        "champion": "2",
        "challenger": "2",
    }
    assert sorted(client.get_model_version(name, "2").aliases) == ["challenger", "champion"]
    assert client.get_model_version(name, "1").aliases == []
    for alias in ("latest", "Latest", "v1", "V22", "with space", "a" * 256, ""):
        refused("INVALID_PARAMETER_VALUE", client.set_registered_model_alias, name, alias, "1")
    refused("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_alias, name, "x", "9")
    refused("RESOURCE_DOES_NOT_EXIST", client.set_registered_model_alias, fresh("none"), "x", "1")
    client.delete_registered_model_alias(name, "never-there")
    client.delete_registered_model_alias(name, "champion")
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, name, "champion")
    assert list(client.get_registered_model(name).aliases) == ["challenger"]
    refused("INVALID_PARAMETER_VALUE", client.get_model_version_by_alias, fresh("none"), "champion")


@scenario
def registered_model_search(house):
    client, prefix = house.client, fresh("Search")
    names = [f"{prefix}-{i:02}" for i in range(12)]
    for i, name in enumerate(names):
        client.create_registered_model(name, {"parity": "even" if i % 2 == 0 else "odd", "n": str(i)})
        time.sleep(0.002)
    like = f"name LIKE '{prefix}-%'"

    def found(text, **kwargs):
        return [m.name for m in client.search_registered_models(text, **kwargs)]

    assert found(like) == names
    assert found(f"{like} AND tags.parity = 'odd'") == names[1::2]
    assert found(f"{like} AND tags.parity != 'odd'") == names[0::2]
    assert found(f"name ILIKE '{prefix.upper()}-1%'") == names[10:]
    assert found(f"name = '{names[3]}'") == [names[3]]
    assert found(like, order_by=["name DESC"], max_results=3) == names[:-4:-1]
    client.update_registered_model(names[2], "touched")
    assert found(like, order_by=["timestamp DESC"])[0] == names[2]
    for text in ("name ~ 'x'", "nope = 'x'", "name = x", "name LIKE 'a' OR name LIKE 'b'", "tags.x > 'y'"):
        refused("INVALID_PARAMETER_VALUE", client.search_registered_models, text)
    refused("INVALID_PARAMETER_VALUE", client.search_registered_models, like, 1001)
    refused("INVALID_PARAMETER_VALUE", client.search_registered_models, like, 10, ["nope DESC"])
    house.bad(house.get("registered-models/search", page_token="###"), "Invalid page token")


@scenario
def model_version_search(house):
    client, name, other = house.client, fresh("m"), fresh("other")
    for each in (name, other):
        client.create_registered_model(each)
    for i in range(5):
        client.create_model_version(name, f"s3://b/{name}/{i}", f"{name}-r{i % 2}", {"i": str(i)})
        time.sleep(0.002)
    client.create_model_version(other, f"s3://b/{other}", f"{name}-r0")

    def found(text, **kwargs):
        return [(v.name, int(v.version)) for v in client.search_model_versions(text, **kwargs)]

    assert found(f"name = '{name}'") == [(name, i) for i in (5, 4, 3, 2, 1)]
    assert sorted(found(f"run_id = '{name}-r0'")) == sorted([(name, 1), (name, 3), (name, 5), (other, 1)])
    assert sorted(found(f"run_id IN ('{name}-r0', '{name}-r1') AND name = '{name}'")) == [(name, i) for i in range(1, 6)]
    assert found(f"source_path = 's3://b/{name}/2'") == [(name, 3)]
    assert found(f"name = '{name}' AND version_number >= 4", order_by=["version_number ASC"]) == [(name, 4), (name, 5)]
    assert found(f"name = '{name}' AND tags.i = '1'") == [(name, 2)]
    assert found(f"name = '{name}'", order_by=["creation_timestamp ASC"], max_results=2) == [(name, 1), (name, 2)]
    client.set_model_version_tag(name, "1", "i", "9")
    client.update_model_version(name, "1", "touched")
    assert found(f"name = '{name}'")[0] == (name, 1)
    for text in ("name ~ 'x'", "nope = 'x'", "run_id IN ()"):
        refused("INVALID_PARAMETER_VALUE", client.search_model_versions, text)


@scenario
def model_version_sources(house):
    client, name = house.client, fresh("m")
    client.create_registered_model(name)
    run = house.run()
    uri = run.info.artifact_uri
    for source in (
        f"{uri}/model",
        "mlflow-artifacts:/models",
        "mlflow-artifacts://host:9000/models/artifact/..../",
    ):
        client.create_model_version(name, source, run.info.run_id)
    bad = [
        "/etc/passwd",
        "file:///etc/passwd",
        "file:///tmp/../etc",
        "./relative",
        "https://host/..%2f..%2fpath",
        "s3://bucket/%252e%252e/path",
        "s3://bucket/a/../../b",
        "mlflow-artifacts://host:9000/models/../../../",
        "mlflow-artifacts://host:9000/models/..%2f..%2fartifacts",
        "mlflow-artifacts://host:9000/models/artifact%00",
        "s3a://my_bucket/api/2.0/mlflow-artifacts/artifacts/../../../",
        "ftp://host/%2e%2e/x",
    ]
    for source in bad:
        answer = house.post("model-versions/create", name=name, source=source)
        house.bad(answer, "Invalid model version source")
        answer = house.post("model-versions/create", name=name, source=source, run_id=run.info.run_id)
        assert answer.status_code == 400, (source, answer.text)
    for source in ("s3://bucket/path", "mlflow-artifacts:/models/foo///bar", "dbfs:/path/..../x", "https://host/a"):
        assert house.post("model-versions/create", name=name, source=source).status_code == 200, source


# Tracking.


@scenario
def experiment_create_and_read(house):
    client, name = house.client, fresh("e")
    made = client.create_experiment(name, "s3://bucket/e", {"k": "v"})
    for read in (client.get_experiment(made), client.get_experiment_by_name(name)):
        assert (read.name, read.artifact_location, read.lifecycle_stage) == (name, "s3://bucket/e", "active")
        assert read.tags == {"k": "v"} and read.creation_time and read.last_update_time
    assert client.get_experiment_by_name(fresh("none")) is None
    refused("RESOURCE_DOES_NOT_EXIST", client.get_experiment, "12345678")
    refused("RESOURCE_ALREADY_EXISTS", client.create_experiment, name)
    refused("INVALID_PARAMETER_VALUE", client.create_experiment, "")


@scenario
def experiment_create_validation(house):
    house.bad(house.post("experiments/create"), "Missing value for required parameter 'name'")
    house.bad(house.post("experiments/create", name=123), "Invalid value 123 for parameter 'name' supplied")
    wrong = {"name": fresh("e"), "artifact_location": 9.0}
    house.bad(house.post("experiments/create", **wrong), "Invalid value 9.0 for parameter 'artifact_location'")
    wrong = {"name": fresh("e"), "artifact_location": "my_location", "tags": "5"}
    house.bad(house.post("experiments/create", **wrong), "Invalid value \"5\" for parameter 'tags' supplied")
    for location in ("s3://b/#x", "https://host/?a=%2e%2e/x"):
        answer = house.post("experiments/create", name=fresh("e"), artifact_location=location)
        assert answer.status_code == 400, (location, answer.text)
    name = fresh("e")
    doubled = json.dumps(json.dumps({"name": name}))
    url, kind = f"{house.url}/api/2.0/mlflow/experiments/create", {"content-type": "application/json"}
    assert requests.post(url, data=doubled, headers=kind).status_code == 200
    assert house.client.get_experiment_by_name(name) is not None


@scenario
def experiment_delete_and_restore(house):
    client, name = house.client, fresh("e")
    made = client.create_experiment(name)
    run = house.run(experiment_id=made)
    client.delete_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "deleted"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "deleted"
    assert made not in [e.experiment_id for e in client.search_experiments()]
    assert made in [e.experiment_id for e in client.search_experiments(ViewType.DELETED_ONLY)]
    assert made in [e.experiment_id for e in client.search_experiments(ViewType.ALL)]
    refused("INVALID_PARAMETER_VALUE", house.run, experiment_id=made)
    assert house.post("experiments/update", experiment_id=made, new_name=fresh("x")).status_code >= 400
    client.restore_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "active"
    assert client.get_run(run.info.run_id).info.lifecycle_stage == "active"
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_experiment, "12345678")


@scenario
def experiment_rename(house):
    client, name = house.client, fresh("e")
    made, other = client.create_experiment(name), fresh("other")
    client.create_experiment(other)
    client.rename_experiment(made, f"{name}-2")
    assert client.get_experiment(made).name == f"{name}-2"
    assert client.get_experiment_by_name(name) is None
    assert house.post("experiments/update", experiment_id=made, new_name=other).status_code == 400
    house.bad(house.post("experiments/update", experiment_id=made, new_name=123), "for parameter 'new_name' supplied")
    house.bad(house.post("experiments/update", experiment_id=made), "Missing value for required parameter 'new_name'")


@scenario
def experiment_tags(house):
    client = house.client
    made = client.create_experiment(fresh("e"))
    client.set_experiment_tag(made, "dataset", "imagenet1K")
    client.set_experiment_tag(made, "dataset", "birdbike")
    client.set_experiment_tag(made, "multiline", "a\nb")
    client.set_experiment_tag(made, "empty", "")
    assert client.get_experiment(made).tags == {"dataset": "birdbike", "multiline": "a\nb", "empty": ""}
    other = client.create_experiment(fresh("e"))
    assert client.get_experiment(other).tags == {}
    client.delete_experiment_tag(made, "dataset")
    assert "dataset" not in client.get_experiment(made).tags
    refused("INVALID_PARAMETER_VALUE", client.set_experiment_tag, made, "k" * 251, "v")
    refused("INVALID_PARAMETER_VALUE", client.set_experiment_tag, made, "k", "v" * 5001)


@scenario
def experiment_search(house):
    client, prefix = house.client, fresh("Find")
    names = [f"{prefix}-{c}" for c in "abcd"]
    ids = []
    for i, name in enumerate(names):
        ids.append(client.create_experiment(name, tags={"i": str(i), "even": str(i % 2 == 0)}))
        time.sleep(0.002)
    like = f"name LIKE '{prefix}%'"

    def found(text, **kwargs):
        return [e.name for e in client.search_experiments(filter_string=text, **kwargs)]

    assert found(like) == names[::-1]
    assert found(like, order_by=["name"]) == names
    assert found(like, order_by=["name"], max_results=2) == names[:2]
    assert found(f"{like} AND tag.i ILIKE '%1%'") == [names[1]]
    client.create_experiment(f"{prefix}-B")
    assert found(like, order_by=["name DESC"]) == [*names[::-1], f"{prefix}-B"]
    client.delete_experiment(client.get_experiment_by_name(f"{prefix}-B").experiment_id)
    assert found(f"{like} AND tags.even = 'True'", order_by=["name ASC"]) == names[0::2]
    assert found(f"name ILIKE '{prefix.upper()}-A'") == names[:1]
    assert found(f"{like} AND attribute.name != '{names[0]}'", order_by=["name"]) == names[1:]
    moment = client.get_experiment(ids[2]).creation_time
    assert found(f"{like} AND creation_time >= {moment}", order_by=["name"]) == names[2:]
    first = client.search_experiments(filter_string=like, max_results=3)
    rest = client.search_experiments(filter_string=like, max_results=3, page_token=first.token)
    assert [e.name for e in first + rest] == names[::-1] and not rest.token
    refused("INVALID_PARAMETER_VALUE", client.search_experiments, filter_string="nope ~ 1")
    refused("INVALID_PARAMETER_VALUE", client.search_experiments, max_results=50_001)


@scenario
def experiments_by_command_line(house):
    made = house.client.create_experiment(fresh("cli"))
    env = {**os.environ, "MLFLOW_TRACKING_URI": house.url}

    def command(*args):
        subprocess.run([sys.executable, "-I", "-m", "mlflow", "experiments", *args], env=env, check=True, capture_output=True)

    command("delete", "-x", made)
    assert house.client.get_experiment(made).lifecycle_stage == "deleted"
    command("restore", "-x", made)
    assert house.client.get_experiment(made).lifecycle_stage == "active"
    name = fresh("renamed")
    command("rename", "--experiment-id", made, "--new-name", name)
    assert house.client.get_experiment(made).name == name


@scenario
def run_create_with_everything(house):
    client = house.client
    experiment = client.create_experiment(fresh("e"))
    parent = client.create_run(experiment).info.run_id
    tags = {"mlflow.user": "nobody", "mlflow.parentRunId": parent, "my": "tag", "another": "my\nline"}
    answer = house.post(
        "runs/create",
        experiment_id=experiment,
        user_id="me",
        start_time=123456,
        run_name="mine",
        tags=[{"key": k, "value": v} for k, v in tags.items()],
    )
    run = client.get_run(answer.json()["run"]["info"]["run_id"])
    assert (run.info.start_time, run.info.status, run.info.run_name) == (123456, "RUNNING", "mine")
    assert (run.info.experiment_id, run.info.end_time, run.info.lifecycle_stage) == (experiment, None, "active")
    assert {k: run.data.tags[k] for k in tags} == tags and run.data.tags["mlflow.runName"] == "mine"
    default = house.post("runs/create", experiment_id=experiment).json()["run"]
    assert default["info"]["status"] == "RUNNING" and default["info"]["run_name"]
    assert {t["key"] for t in default["data"]["tags"]} == {"mlflow.runName"}
    both = house.post(
        "runs/create", experiment_id="0", run_name="a", tags=[{"key": "mlflow.runName", "value": "b"}]
    )
    house.bad(both, "Both 'run_name' argument and 'mlflow.runName' tag are specified")


@scenario
def run_end(house):
    client = house.client
    run_id = house.run(start_time=123).info.run_id
    client.set_terminated(run_id)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED" and run.info.end_time > 123
    run_id = house.run().info.run_id
    client.set_terminated(run_id, "FAILED", 456)
    run = client.get_run(run_id)
    assert (run.info.status, run.info.end_time) == ("FAILED", 456)
    client.update_run(run_id, name="renamed")
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name, run.info.end_time) == ("FAILED", "renamed", 456)
    assert run.data.tags["mlflow.runName"] == "renamed"
    client.set_tag(run_id, "mlflow.runName", "by tag")
    assert client.get_run(run_id).info.run_name == "by tag"
    client.update_run(run_id, status="KILLED")
    assert client.get_run(run_id).info.run_name == "by tag"


@scenario
def run_delete_and_restore(house):
    client = house.client
    experiment = client.create_experiment(fresh("e"))
    run_id = client.create_run(experiment).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    assert [r.info.run_id for r in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [run_id]
    for call, args in (
        (client.log_metric, ("m", 1)),
        (client.log_param, ("p", 1)),
        (client.set_tag, ("t", 1)),
        (client.delete_tag, ("t",)),
    ):
        refused("INVALID_PARAMETER_VALUE", call, run_id, *args)
    client.restore_run(run_id)
    client.log_metric(run_id, "m", 1)
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_run, "0" * 32)


@scenario
def values_of_runs(house):
    client = house.client
    run_id = house.run().info.run_id
    client.log_metric(run_id, key="metric", value=123.456, timestamp=789, step=2)
    client.log_metric(run_id, key="nan", value=float("nan"))
    client.log_metric(run_id, key="inf", value=float("inf"))
    client.log_metric(run_id, key="-inf", value=-float("inf"))
    client.log_metric(run_id, key="stepless", value=987.654, timestamp=321)
    for step, (value, at) in enumerate([(1.0, 1), (2.0, 2), (3.0, 2)]):
        client.log_metric(run_id, "same", value, at, step=1)
    client.log_param(run_id, "param", "value")
    client.log_param(run_id, "empty", "")
    client.set_tag(run_id, "empty", "")
    client.set_tag(run_id, "taggity", "do-dah")
    run = client.get_run(run_id)
    metrics = run.data.metrics
    assert metrics["metric"] == 123.456 and metrics["nan"] != metrics["nan"]
    assert metrics["inf"] >= 1.7976931348623157e308 and metrics["-inf"] <= -1.7976931348623157e308
    assert metrics["same"] == 3.0
    assert run.data.params == {"param": "value", "empty": ""}
    assert run.data.tags["taggity"] == "do-dah" and run.data.tags["empty"] == ""
    history = client.get_metric_history(run_id, "metric")
    assert [(m.key, m.value, m.timestamp, m.step) for m in history] == [("metric", 123.456, 789, 2)]
    assert client.get_metric_history(run_id, "stepless")[0].step == 0
    refused("INVALID_PARAMETER_VALUE", client.log_param, run_id, "param", "other")
    client.set_tag(run_id, "taggity", "changed")
    client.delete_tag(run_id, "taggity")
    assert "taggity" not in client.get_run(run_id).data.tags
    assert "No tag with name: taggity" in refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, run_id, "taggity")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_tag, "0" * 32, "taggity")


@scenario
def validation_of_values(house):
    run_id = house.run().info.run_id
    metric = {"run_id": run_id, "key": "metric", "value": 41, "timestamp": 59, "step": 0}
    for name, value, literal in (
        ("key", 31, "31"),
        ("run_id", 31, "31"),
        ("value", "foo", '"foo"'),
        ("timestamp", "foo", '"foo"'),
        ("step", "foo", '"foo"'),
    ):
        answer = house.post("runs/log-metric", **{**metric, name: value})
        house.bad(answer, f"Invalid value {literal} for parameter '{name}' supplied")
    for name in ("key", "value", "timestamp"):
        body = {k: v for k, v in metric.items() if k != name}
        house.bad(house.post("runs/log-metric", **body), f"Missing value for required parameter '{name}'")
    house.bad(house.post("runs/log-metric", key="k", value=1, timestamp=1), "Missing value for required parameter 'run_id'")
    house.bad(house.post("runs/log-parameter", run_id=run_id, key=31, value="x"), "Invalid value 31 for parameter 'key'")
    house.bad(house.post("runs/set-tag", run_id=run_id, key="k", value=31), "Invalid value 31 for parameter 'value'")
    house.bad(house.post("runs/set-tag", run_id=run_id, value="k"), "Missing value for required parameter 'key'")
    for body, text in (
        ({"metrics": "foo"}, "Invalid value \"foo\" for parameter 'metrics' supplied"),
        ({"params": 31}, "Invalid value 31 for parameter 'params' supplied"),
        ({"metrics": [{"key": "k", "value": 1}]}, "Missing value for required parameter 'metrics[0].timestamp'"),
    ):
        house.bad(house.post("runs/log-batch", run_id=run_id, **body), text)
    client = house.client
    for key in ("bad#key", "../up", "/abs", "k" * 251):
        refused("INVALID_PARAMETER_VALUE", client.log_metric, run_id, key, 1)
        refused("INVALID_PARAMETER_VALUE", client.log_param, run_id, key, 1)
    assert client.get_run(run_id).data.metrics == {}


@scenario
def batches(house):
    client = house.client
    run_id = house.run().info.run_id
    metrics = [Metric("m", i, i, i) for i in range(1000)]
    client.log_batch(run_id, metrics, [], [])
    client.log_batch(run_id, [], [Param(f"p{i}", str(i)) for i in range(100)], [RunTag(f"t{i}", "") for i in range(100)])
    run = client.get_run(run_id)
    assert len(run.data.params) == 100 and run.data.metrics["m"] == 999 and run.data.tags["t99"] == ""
    assert [m.value for m in client.get_metric_history(run_id, "m")] == list(range(1000))

    def raw(**body):
        return house.post("runs/log-batch", run_id=run_id, **body)

    metric = {"key": "x", "value": 1, "timestamp": 1, "step": 0}
    assert raw(metrics=[metric] * 1001).status_code == 400
    assert raw(params=[{"key": f"q{i}", "value": "1"} for i in range(101)]).status_code == 400
    assert raw(tags=[{"key": f"q{i}", "value": "1"} for i in range(101)]).status_code == 400
    twice = [{"key": "d", "value": "1"}, {"key": "d", "value": "2"}]
    assert raw(params=twice, metrics=[metric]).status_code == 400
    assert raw(params=[{"key": "p0", "value": "changed"}], metrics=[metric]).status_code == 400
    assert "x" not in client.get_run(run_id).data.metrics
    assert raw(params=[{"key": "p0", "value": "0"}], metrics=[metric, metric]).status_code == 200
    assert len(client.get_metric_history(run_id, "x")) == 1


@scenario
def model_record_of_a_run(house):
    run_id = house.run().info.run_id
    for body in ({}, {"model_json": "{"}, {"model_json": "{}"}, {"model_json": 1}):
        assert house.post("runs/log-model", run_id=run_id, **body).status_code == 400, body
    model = {"artifact_path": "model", "flavors": {}, "utc_time_created": "2026-01-01", "run_id": run_id}
    for i in range(3):
        text = json.dumps({**model, "artifact_path": f"model{i}"})
        assert house.post("runs/log-model", run_id=run_id, model_json=text).status_code == 200
        history = json.loads(house.client.get_run(run_id).data.tags["mlflow.log-model.history"])
        assert [each["artifact_path"] for each in history] == [f"model{k}" for k in range(i + 1)]


@scenario
def paths(house):
    client, name = house.client, fresh("m")
    run_id = house.run().info.run_id
    client.create_registered_model(name)
    client.create_model_version(name, "runs:/r/m", "r")
    bad = ("../path", "path/../to/file", "/etc/passwd", "/etc/passwd%00.jpg", "/file://etc/passwd", "file:///etc/passwd")
    bad += ("%2E%2E%2Fpath", "./../../x", "..%252Fx", "a#b")
    for path in bad:
        for run_key in ("run_id", "run_uuid"):
            house.bad(house.get("artifacts/list", **{run_key: run_id, "path": path}), "Invalid path")
            house.bad(house.get("get-artifact", api="", **{run_key: run_id, "path": path}), "Invalid path")
        query = {"name": name, "version": 1, "path": path}
        house.bad(house.get("model-versions/get-artifact", api="", **query), "Invalid path")
        assert requests.get(f"{house.url}//model-versions/get-artifact", params=query).status_code == 400


@scenario
def artifacts_of_runs(house):
    client = house.client
    run_id = house.run().info.run_id
    with tempfile.TemporaryDirectory() as folder:
        for path in ("a.txt", "dir/b.txt", "dir/deep/c.txt"):
            whole = os.path.join(folder, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w") as file:
                file.write(path)
        client.log_artifacts(run_id, folder)
        client.log_artifacts(run_id, folder, "below")
        client.log_artifact(run_id, os.path.join(folder, "a.txt"), "single")

    def listed(path=None):
        return sorted(f.path for f in client.list_artifacts(run_id, path))

    assert listed() == ["a.txt", "below", "dir", "single"]
    assert listed("dir") == ["dir/b.txt", "dir/deep"]
    assert listed("below/dir/deep") == ["below/dir/deep/c.txt"]
    assert listed("a.txt") == [] and listed("none") == []
    with tempfile.TemporaryDirectory() as folder:
        got = client.download_artifacts(run_id, "below", folder)
        with open(os.path.join(got, "dir/deep/c.txt")) as file:
            assert file.read() == "dir/deep/c.txt"
    for path in ("", "."):
        with tempfile.TemporaryDirectory() as folder:
            got = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path=folder)
            assert sorted(os.listdir(got)) == ["a.txt", "below", "dir", "single"], os.listdir(got)
    answer = house.get("get-artifact", api="", run_id=run_id, path="dir/b.txt")
    assert answer.text == "dir/b.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    listing = house.get("artifacts/list", run_id=run_id).json()
    assert listing["root_uri"] == client.get_run(run_id).info.artifact_uri
    assert [f for f in listing["files"] if f["path"] == "a.txt"] == [{"path": "a.txt", "is_dir": False, "file_size": 5}]


@scenario
def uploads_of_pages(house):
    run_id = house.run().info.run_id
    url = f"{house.url}/{AJAX}/upload-artifact"
    for params, text in (
        ({}, "Request must specify run_uuid."),
        ({"run_uuid": run_id}, "Request must specify path."),
        ({"run_uuid": run_id, "path": "../x"}, "Invalid path"),
        ({"run_uuid": run_id, "path": "x.txt"}, "Request must specify data."),
    ):
        house.bad(requests.post(url, params=params), text)
    plain = {"content-type": "text/plain"}
    answer = requests.post(url, params={"run_uuid": run_id, "path": "test.txt"}, data="hello", headers=plain)
    assert answer.status_code == 200, answer.text
    assert house.get("get-artifact", api="", run_uuid=run_id, path="test.txt").text == "hello"


@scenario
def search_of_runs(house):
    client = house.client
    experiment = client.create_experiment(fresh("e"))
    ids = []
    for i in range(6):
        run = client.create_run(experiment, start_time=1000 + i, run_name=f"r{i}", tags={"kind": "ab"[i % 2]})
        client.log_metric(run.info.run_id, "m", i / 2)
        client.log_param(run.info.run_id, "p", f"P{i}")
        ids.append(run.info.run_id)
    client.set_terminated(ids[5])

    def found(text="", **kwargs):
        return [r.info.run_name for r in client.search_runs([experiment], text, **kwargs)]

    assert found() == [f"r{i}" for i in (5, 4, 3, 2, 1, 0)]
    cases = {
        "metrics.m >= 2": ["r5", "r4"],
        "metrics.m < 1 AND params.p = 'P0'": ["r0"],
        "params.p ILIKE 'p_'": [f"r{i}" for i in (5, 4, 3, 2, 1, 0)],
        "params.p LIKE 'p%'": [],
        "tags.kind != 'a'": ["r5", "r3", "r1"],
        "attributes.status = 'FINISHED'": ["r5"],
        f"attribute.run_id IN ('{ids[1]}', '{ids[2]}')": ["r2", "r1"],
        f"run_id = '{ids[3]}'": ["r3"],
        "start_time > 1003": ["r5", "r4"],
        "tags.`mlflow.runName` = 'r2'": ["r2"],
    }
    for text, names in cases.items():
        assert found(text) == names, (text, found(text))
    assert found(order_by=["metrics.m ASC"], max_results=2) == ["r0", "r1"]
    assert found(order_by=["params.p DESC"], max_results=1) == ["r5"]
    assert found(order_by=["attributes.start_time ASC"], max_results=1) == ["r0"]
    same = client.create_experiment(fresh("e"))
    ties = sorted(client.create_run(same, start_time=1).info.run_id for _ in range(5))
    page = client.search_runs([same], max_results=3)
    rest = client.search_runs([same], max_results=3, page_token=page.token)
    assert [r.info.run_id for r in page + rest] == ties and not rest.token
    token, pages = None, []
    while True:
        page = client.search_runs([experiment], max_results=4, page_token=token)
        pages.append([r.info.run_name for r in page])
        token = page.token
        if not token:
            break
    assert pages == [["r5", "r4", "r3", "r2"], ["r1", "r0"]], pages
    for text in ("metrics.m = 'x'", "nope.x = 1", "params.p = 1", "m ~ 1", "status > 'x'"):
        refused("INVALID_PARAMETER_VALUE", client.search_runs, [experiment], text)
    bad = house.post("runs/search", experiment_ids=[experiment], max_results=123456789)
    house.bad(bad, "Invalid value 123456789 for parameter 'max_results' supplied")


@scenario
def histories(house):
    client = house.client
    runs = [house.run().info.run_id for _ in range(2)]
    for run_id in runs:
        client.log_batch(run_id, [Metric("m", float(i), i, i) for i in range(20)])
    first = house.get("metrics/get-history", run_id=runs[0], metric_key="m", max_results=15).json()
    assert len(first["metrics"]) == 15
    token = first["next_page_token"]
    rest = house.get("metrics/get-history", run_id=runs[0], metric_key="m", max_results=15, page_token=token).json()
    assert [m["step"] for m in first["metrics"] + rest["metrics"]] == list(range(20))
    assert not rest.get("next_page_token")

    def bulk(**params):
        return house.get("metrics/get-history-bulk", api=AJAX, **params)

    house.bad(bulk(metric_key="m"), "GetMetricHistoryBulk request must specify at least one run_id")
    many = [f"id_{i}" for i in range(1000)]
    house.bad(bulk(run_id=many, metric_key="m"), "GetMetricHistoryBulk request cannot specify more than")
    house.bad(bulk(run_id=runs), "GetMetricHistoryBulk request must specify a metric_key")
    found = bulk(run_id=runs, metric_key="m", max_results=25).json()["metrics"]
    assert [(m["run_id"], m["step"]) for m in found] == [
        (run_id, step) for run_id in sorted(runs) for step in range(20)
    ][:25]
    assert bulk(run_id=runs, metric_key="none").json()["metrics"] == []
    points = [(1, 2, 10.0), (1, 3, 11.0), (1, 3, 12.0), (2, 3, 12.0), (7, -2, -100.0), (8, 0, 0.0), (8, 0, 1.0)]
    for timestamp, step, value in reversed(points):
        client.log_metric(runs[0], "order", value, timestamp, step)
    found = bulk(run_id=runs[0], metric_key="order").json()["metrics"]
    assert [(m["timestamp"], m["step"], m["value"]) for m in found] == points, found


@scenario
def histories_thinned_out(house):
    client = house.client
    runs = [house.run().info.run_id for _ in range(2)]
    for offset, run_id in enumerate(runs):
        client.log_batch(run_id, [Metric("m", float(i), i, i) for i in range(offset, 100 + offset * 50)])

    def interval(**params):
        return house.get("metrics/get-history-bulk-interval", api=AJAX, **params)

    def steps(**params):
        answer = interval(run_ids=runs, metric_key="m", **params)
        assert answer.status_code == 200, answer.text
        found = answer.json().get("metrics", [])
        return [[m["step"] for m in found if m["run_id"] == run_id] for run_id in runs]

    house.bad(interval(metric_key="m"), "Missing value for required parameter 'run_ids'.")
    house.bad(interval(run_ids=["x"] * 101, metric_key="m"), "at most 100 run_ids")
    house.bad(interval(run_ids=runs), "Missing value for required parameter 'metric_key'")
    house.bad(interval(run_ids=runs, metric_key="m", start_step=5, end_step=1), "end_step must be greater than start_step")
    house.bad(interval(run_ids=runs, metric_key="m", start_step=5), "both must be specified")
    house.bad(interval(run_ids=runs, metric_key="m", max_results=2501), "max_results")
    assert steps() == [list(range(100)), list(range(1, 150))]
    assert steps(start_step=10, end_step=14) == [[10, 11, 12, 13, 14]] * 2
    even = client.create_run("0").info.run_id
    client.log_batch(even, [Metric("m", 1.0, at, i) for i in range(10) for at in (1, 2)])
    found = interval(run_ids=[even], metric_key="m", max_results=5).json()["metrics"]
    assert [(m["step"], m["timestamp"]) for m in found] == [(i, at) for i in (0, 2, 4, 6, 8, 9) for at in (1, 2)]
    longer = client.create_run("0").info.run_id
    client.log_batch(longer, [Metric("m", 1.0, 1, i) for i in range(20)])
    found = interval(run_ids=[even, longer], metric_key="m", max_results=5).json()["metrics"]
    assert [m["step"] for m in found if m["run_id"] == longer] == [0, 4, 8, 9, 12, 16, 19], found
    first, second = steps(max_results=5)
    assert first[0] == 0 and first[-1] == 99 and second[0] == 1 and second[-1] == 149
    assert len(first) <= 9 and len(second) <= 9
    assert steps(start_step=1000, end_step=2000) == [[], []]


@scenario
def inputs_of_runs(house):
    client = house.client
    run_id = house.run().info.run_id
    dataset = Dataset("name1", "digest1", "source_type1", "source1")
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("tag1", "value1")])])
    changed = Dataset("name1", "digest1", "source_type2", "source2")
    client.log_inputs(run_id, [DatasetInput(changed, [InputTag("tag2", "value2")])])
    found = client.get_run(run_id).inputs.dataset_inputs
    assert len(found) == 1
    assert {t.key: t.value for t in found[0].tags} == {"tag1": "value1"}
    assert (found[0].dataset.source_type, found[0].dataset.source) == ("source_type1", "source1")
    client.log_inputs(run_id, [DatasetInput(Dataset("name2", "digest2", "s", "x", "schema", "profile"), [])])
    assert len(client.get_run(run_id).inputs.dataset_inputs) == 2
    other = house.run().info.run_id
    client.log_inputs(other, [DatasetInput(dataset, [InputTag("tag3", "value3")])])
    assert {t.key for t in client.get_run(other).inputs.dataset_inputs[0].tags} == {"tag3"}
    wrong = house.post("runs/log-inputs", run_id=run_id, datasets="foo")
    house.bad(wrong, "Invalid value \"foo\" for parameter 'datasets' supplied")
    house.bad(house.post("runs/log-inputs", datasets=[]), "Missing value for required parameter 'run_id'")


@scenario
def datasets_of_experiments(house):
    client = house.client

    def search(**body):
        return house.post("experiments/search-datasets", api=AJAX, **body)

    experiment = client.create_experiment(fresh("e"))
    run_id = client.create_run(experiment).info.run_id
    tag = InputTag("mlflow.data.context", "training")
    # MLflow knows a data set only in the experiment where it was first.
    first, second = fresh("a"), fresh("b")
    client.log_inputs(run_id, [DatasetInput(Dataset(first, "digest1", "t", "s"), [tag])])
    client.log_inputs(run_id, [DatasetInput(Dataset(second, "digest2", "t", "s"), [])])
    answer = search(experiment_ids=[experiment])
    assert answer.status_code == 200, answer.text
    found = answer.json()["dataset_summaries"]
    assert sorted(found, key=lambda each: each["name"]) == [
        {"experiment_id": experiment, "name": first, "digest": "digest1", "context": "training"},
        {"experiment_id": experiment, "name": second, "digest": "digest2"},
    ], found
    house.bad(search(), "SearchDatasets request must specify at least one experiment_id.")
    house.bad(search(experiment_ids=["1"] * 21), "SearchDatasets request cannot specify more than")


@scenario
def runs_of_the_prompt_page(house):
    experiment = house.client.create_experiment(fresh("e"))

    def create(**body):
        return house.post("runs/create-promptlab-run", api=AJAX, **body)

    whole = {
        "experiment_id": experiment,
        "prompt_template": "my_prompt_template",
        "prompt_parameters": [{"key": "question", "value": "my_value"}],
        "model_route": "my_route",
        "model_input": "my_input",
        "mlflow_version": "1.0.0",
    }
    for name in whole:
        body = {k: v for k, v in whole.items() if k != name}
        house.bad(create(**body), f"CreatePromptlabRun request must specify {name}.")
    answer = create(
        **whole,
        run_name="my_run_name",
        model_parameters=[{"key": "temperature", "value": "0.1"}],
        model_output="my_output",
        model_output_parameters=[{"key": "latency", "value": "100"}],
        user_id="username",
        start_time=456,
    )
    assert answer.status_code == 200, answer.text
    run = answer.json()["run"]
    assert run["info"]["run_name"] == "my_run_name" and run["info"]["experiment_id"] == experiment
    assert (run["info"]["status"], run["info"]["start_time"]) == ("FINISHED", 456), run["info"]
    params = {p["key"]: p["value"] for p in run["data"]["params"]}
    assert params == {"model_route": "my_route", "prompt_template": "my_prompt_template", "temperature": "0.1"}
    tags = {t["key"]: t["value"] for t in run["data"]["tags"]}
    assert tags["mlflow.runSourceType"] == "PROMPT_ENGINEERING"
    assert json.loads(tags["mlflow.loggedArtifacts"]) == [{"path": "eval_results_table.json", "type": "table"}]
    table = house.get("get-artifact", api="", run_id=run["info"]["run_id"], path="eval_results_table.json").json()
    assert table == {
        "columns": ["question", "prompt", "output", "latency"],
        "data": [["my_value", "my_input", "my_output", "100"]],
    }


@scenario
def logged_model_life(house):
    client = house.client
    experiment = client.create_experiment(fresh("e"))
    run = client.create_run(experiment)
    made = client.create_logged_model(
        experiment, "net", run.info.run_id, tags={"a": "1"}, params={"lr": "0.1"}, model_type="agent"
    )
    assert made.model_id.startswith("m-") and str(made.status) in ("PENDING", "LoggedModelStatus.PENDING")
    assert (made.name, made.experiment_id, made.source_run_id, made.model_type) == (
        "net",
        experiment,
        run.info.run_id,
        "agent",
    )
    assert made.artifact_location.endswith(f"/models/{made.model_id}/artifacts")
    done = client.finalize_logged_model(made.model_id, LoggedModelStatus.READY)
    assert done.status == LoggedModelStatus.READY
    client.set_logged_model_tags(made.model_id, {"b": "2", "a": "changed"})
    client.delete_logged_model_tag(made.model_id, "b")
    refused("RESOURCE_DOES_NOT_EXIST", client.delete_logged_model_tag, made.model_id, "b")
    client.log_model_params(made.model_id, {"depth": "3"})
    read = client.get_logged_model(made.model_id)
    assert (read.tags, read.params) == ({"a": "changed"}, {"lr": "0.1", "depth": "3"}), read
    client.log_outputs(run.info.run_id, [LoggedModelOutput(made.model_id, 1)])
    client.log_inputs(run.info.run_id, models=[LoggedModelInput(made.model_id)])
    kept = client.get_run(run.info.run_id)
    assert [m.model_id for m in kept.outputs.model_outputs] == [made.model_id]
    assert [m.model_id for m in kept.inputs.model_inputs] == [made.model_id]
    client.delete_logged_model(made.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, made.model_id)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_logged_model, "m-" + "0" * 32)
    assert client.create_logged_model(experiment).name


@scenario
def logged_model_search(house):
    client = house.client
    experiment = client.create_experiment(fresh("e"))
    run_id = client.create_run(experiment).info.run_id
    models = []
    for i in range(4):
        made = client.create_logged_model(experiment, f"net-{i}", params={"i": str(i)}, tags={"even": str(i % 2 == 0)})
        client.log_metric(run_id, "acc", i / 10, model_id=made.model_id)
        models.append(made)
        time.sleep(0.002)

    def found(text=None, **kwargs):
        return [m.name for m in client.search_logged_models([experiment], text, **kwargs)]

    assert found() == ["net-3", "net-2", "net-1", "net-0"]
    assert found("name = 'net-1'") == ["net-1"]
    assert found("metrics.acc >= 0.2") == ["net-3", "net-2"]
    assert found("params.i = '2' AND tags.even = 'True'") == ["net-2"]
    assert found(order_by=[{"field_name": "metrics.acc", "ascending": True}], max_results=2) == ["net-0", "net-1"]
    first = client.search_logged_models([experiment], max_results=3)
    rest = client.search_logged_models([experiment], max_results=3, page_token=first.token)
    assert [m.name for m in rest] == ["net-0"] and not rest.token
    refused("INVALID_PARAMETER_VALUE", client.search_logged_models, [experiment], "nope ~ 1")
    assert client.search_logged_models([client.create_experiment(fresh("e"))]) == []


@scenario
def logged_model_artifacts(house):
    client = house.client
    made = client.create_logged_model("0", "net")
    with tempfile.TemporaryDirectory() as folder:
        for path in ("file_1.txt", "dir/file_2.txt"):
            whole = os.path.join(folder, path)
            os.makedirs(os.path.dirname(whole), exist_ok=True)
            with open(whole, "w") as file:
                file.write(path)
        client.log_model_artifacts(made.model_id, folder)

    def listed(path=None):
        return sorted((f.path, f.is_dir, f.file_size) for f in client.list_logged_model_artifacts(made.model_id, path))

    assert listed() == [("dir", True, None), ("file_1.txt", False, 10)]
    assert listed("dir") == [("dir/file_2.txt", False, 14)]
    answer = house.get(f"logged-models/{made.model_id}/artifacts/files", api=AJAX, artifact_file_path="dir/file_2.txt")
    assert (answer.status_code, answer.text) == (200, "dir/file_2.txt")
    answer = house.get(f"logged-models/{made.model_id}/artifacts/files", api=AJAX, artifact_file_path="../x")
    assert answer.status_code == 400, answer.text


@scenario
def metrics_of_models(house):
    client = house.client
    run_id = house.run().info.run_id
    made = client.create_logged_model("0", "net")
    client.log_metric(run_id, "m", 1.5, step=1, model_id=made.model_id, dataset_name="d", dataset_digest="x")
    client.log_batch(run_id, [Metric("n", 2.5, 1, 2, model_id=made.model_id)])
    found = {(m.key, m.value, m.step, m.dataset_name, m.run_id) for m in client.get_logged_model(made.model_id).metrics}
    assert found == {("m", 1.5, 1, "d", run_id), ("n", 2.5, 2, None, run_id)}, found


@scenario
def webhooks(house):
    from mlflow.entities.webhook import WebhookStatus

    client = house.client
    made = client.create_webhook("w", "https://example.com/webhook", ["model_version.created"], "d", "secret")
    assert (made.name, made.url, made.description) == ("w", "https://example.com/webhook", "d")
    assert [str(e) for e in made.events] == ["model_version.created"]
    read = client.get_webhook(made.webhook_id)
    assert (read.name, read.status, read.secret) == ("w", WebhookStatus.ACTIVE, None)
    changed = client.update_webhook(made.webhook_id, name="x", events=["registered_model.created"], status="DISABLED")
    assert (changed.name, changed.status, changed.url) == ("x", WebhookStatus.DISABLED, made.url)
    assert made.webhook_id in [w.webhook_id for w in client.list_webhooks()]
    for url in ("not a url", "ftp://example.com"):
        refused("INVALID_PARAMETER_VALUE", client.create_webhook, "w", url, ["model_version.created"])
    client.delete_webhook(made.webhook_id)
    refused("RESOURCE_DOES_NOT_EXIST", client.get_webhook, made.webhook_id)


@scenario
def the_double_address(house):
    """`/ajax-api` is `/api`, and what is not there is not found."""
    for api in ("api", "ajax-api"):
        answer = house.get("experiments/get", api=f"{api}/2.0/mlflow", experiment_id="0")
        assert answer.json()["experiment"]["name"] == "Default"
        assert house.get("nothing/here", api=f"{api}/2.0/mlflow").status_code == 404
    assert requests.get(f"{house.url}/health").text == "OK"
    assert requests.get(f"{house.url}/version").text


@scenario
def a_model_through_the_fluent_interface(house):
    mlflow.set_experiment(fresh("fluent"))
    name = fresh("registered")
    with mlflow.start_run() as run:
        mlflow.log_params({"a": 1})
        mlflow.log_text("bytes", "model/model.bin")
        nested = None
        with mlflow.start_run(nested=True) as child:
            nested = child.info.run_id
    assert house.client.get_run(nested).data.tags["mlflow.parentRunId"] == run.info.run_id
    house.client.create_registered_model(name)
    version = house.client.create_model_version(name, f"runs:/{run.info.run_id}/model", run.info.run_id)
    assert (version.name, str(version.version), version.run_id) == (name, "1", run.info.run_id)
    with tempfile.TemporaryDirectory() as folder:
        got = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=folder)
        with open(os.path.join(got, "model.bin")) as file:
            assert file.read() == "bytes"


def main(url):
    mlflow.set_tracking_uri(url)
    house, report = House(url), {}
    for function in SCENARIOS:
        start = time.time()
        try:
            function(house)
            report[function.__name__] = "ok"
        except Exception:
            report[function.__name__] = traceback.format_exc()[-800:]
        print(function.__name__, f"{time.time() - start:.1f} s", file=sys.stderr)
    print(json.dumps(report))


main(sys.argv[1])
