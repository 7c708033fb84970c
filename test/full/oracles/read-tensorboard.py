"""Reads an event file as TensorBoard does for its web page.

Standard input: the file in base64. Standard output: {tag: [[time, step, value], …]}.
"""

import base64
import json
import os
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator
from tensorboard.util import tensor_util

with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "events.out.tfevents.1.host"), "wb") as out:
        out.write(base64.b64decode(sys.stdin.read()))
    # 0 is all of them; the page shows a sample.
    events = EventAccumulator(folder, size_guidance={SCALARS: 0, "tensors": 0}).Reload()
    tags = events.Tags()
    read = {tag: [[e.wall_time, e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        read[tag] = [[e.wall_time, e.step, float(tensor_util.make_ndarray(e.tensor_proto))] for e in events.Tensors(tag)]
json.dump(read, sys.stdout)
