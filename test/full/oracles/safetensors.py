"""Files written by the reference implementation of safetensors. Ours must be the same, byte for byte.

Standard output: {"tool", "version", "files": [{"name", "tensors": {name: {dtype, shape, bytes}}, "metadata", "file"}]}.
"""

import base64
import ctypes
import json

import safetensors


def tensor(dtype, shape, hex_bytes):
    return {"dtype": dtype, "shape": shape, "bytes": hex_bytes}


FILES = [
    {"name": "empty", "tensors": {}, "metadata": {}},
    {
        "name": "float32 with a blank to align",
        "tensors": {"attn0": tensor("float32", [1, 1, 2, 3], "000000000000803f00000040000040400000804000a0a040")},
        "metadata": {},
    },
    {
        "name": "every type, so that the order counts",
        "tensors": {
            "a": tensor("uint8", [3], "01fe7f"),
            "b": tensor("float64", [1], "182d4454fb210940"),
            "c": tensor("int32", [2, 1], "ffffffff00000080"),
            "d": tensor("uint32", [1], "ffffffff"),
            "e": tensor("float32", [0, 4], ""),
            "f": tensor("float32", [], "db0f4940"),
            "g": tensor("int64", [1], "0000000000000080"),
            "h": tensor("uint64", [1], "ffffffffffffffff"),
            "i": tensor("int16", [1], "0080"),
            "j": tensor("uint16", [1], "ffff"),
            "k": tensor("float16", [1], "0048"),
            "l": tensor("bfloat16", [1], "4940"),
            "m": tensor("int8", [2], "ff80"),
            "n": tensor("bool", [2], "0001"),
        },
        "metadata": {},
    },
    {
        "name": "names and metadata that need escapes",
        "tensors": {
            'Übergang "1"\n': tensor("uint8", [1], "00"),
            "10": tensor("uint8", [1], "01"),
            "9": tensor("uint8", [1], "02"),
            "\u2028\u007f\u0001/\\": tensor("uint8", [1], "03"),
        },
        "metadata": {"note": 'tab\t, "quotes", 🐟'},
    },
]


def write(file):
    buffers = {name: bytes.fromhex(item["bytes"]) for name, item in file["tensors"].items()}
    specs = {
        name: safetensors.TensorSpec(
            dtype=item["dtype"],
            shape=item["shape"],
            data_ptr=ctypes.cast(ctypes.c_char_p(buffers[name]), ctypes.c_void_p).value,
            data_len=len(buffers[name]),
        )
        for name, item in file["tensors"].items()
    }
    return safetensors.serialize(specs, metadata=file["metadata"] or None)


record = {
    "tool": "safetensors",
    "version": safetensors.__version__,
    "files": [{**file, "file": base64.b64encode(write(file)).decode()} for file in FILES],
}
print(json.dumps(record, ensure_ascii=False))
