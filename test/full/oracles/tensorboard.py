"""Writes an event file with TensorBoard's own record writer and protocol buffers, and reads it back as TensorBoard
does for its web page. Our writer must give the same bytes, and so is read the same.

Standard output: {"tool", "version", "events": what was written, "file": base64, "read": {tag: [[time, step, value]]}}.
"""

import base64
import io
import json
import os
import tempfile

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

START = 1700000000.25
EVENTS = [
    {"wallTimeSeconds": START, "step": 0, "scalars": {"loss/train": 0.75}},
    {"wallTimeSeconds": START + 1, "step": 1, "scalars": {"loss/train": 0.1, "loss/held-out": -0.0}},
    {"wallTimeSeconds": START + 2.5, "step": 127, "scalars": {"Präzision ✓": 1e-30}},
    {"wallTimeSeconds": START + 3, "step": 128, "scalars": {"loss/train": 3.4e38}},
    {"wallTimeSeconds": START + 4, "step": 2**53 - 1, "scalars": {"loss/train": -1.5, "x" * 200: 0.0}},
]


def write():
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
    for event in EVENTS:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in event["scalars"].items()]
        summary = Summary(value=values)
        proto = Event(wall_time=event["wallTimeSeconds"], step=event["step"], summary=summary)
        writer.write(proto.SerializeToString())
    return file.getvalue()


def read(file):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "events.out.tfevents.1700000000.host"), "wb") as out:
            out.write(file)
        events = EventAccumulator(folder).Reload()
        tags = events.Tags()
        scalars = {tag: [[e.wall_time, e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
        for tag in tags["tensors"]:
            scalars[tag] = [
                [e.wall_time, e.step, float(tensor_util.make_ndarray(e.tensor_proto))] for e in events.Tensors(tag)
            ]
        return scalars


file = write()
record = {
    "tool": "tensorboard",
    "version": tensorboard.__version__,
    "events": EVENTS,
    "file": base64.b64encode(file).decode(),
    "read": read(file),
}
print(json.dumps(record, ensure_ascii=False))
