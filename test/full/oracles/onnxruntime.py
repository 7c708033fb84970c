"""Runs ONNX files in ONNX Runtime, after the checker of the onnx package has read them.

Standard input: [{"name", "model": hex, "shape": [...], "x": [...]}, ...], null in x where a value is missing:
what onnxRequest() of src/learn/formats/testing/onnx-cases.ts gives. By hand:

    node -p "import('./src/learn/formats/testing/onnx-cases.ts').then((m) => m.onnxRequest())"

Standard output: {"tool", "version", "checker", "cases": [{"name", "sha256" of the model, "outputs": {...}}]}.
"""

import hashlib
import json
import sys

import numpy as np
import onnx
import onnxruntime


def run(case):
    model = bytes.fromhex(case["model"])
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = np.array(case["x"], dtype=object)
    x = np.where(x == None, np.nan, x)  # noqa: E711
    [given] = session.get_inputs()
    x = x.astype(np.int64 if given.type == "tensor(int64)" else np.float32).reshape(case["shape"])
    names = [output.name for output in session.get_outputs()]
    outputs = {
        name: {"shape": list(value.shape), "data": value.flatten().tolist()}
        for name, value in zip(names, session.run(names, {given.name: x}))
    }
    return {"name": case["name"], "sha256": hashlib.sha256(model).hexdigest(), "outputs": outputs}


record = {
    "tool": "onnxruntime",
    "version": onnxruntime.__version__,
    "checker": f"onnx {onnx.__version__}",
    "cases": [run(case) for case in json.load(sys.stdin)],
}
print(json.dumps(record))
