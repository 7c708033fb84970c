"""Talks to a server with a client that grpc_tools made of the .proto file: ADDRESS PROTO FOLDER COLUMNS."""

import json
import struct
import sys
from pathlib import Path

import grpc
from grpc_tools import protoc

address, proto, folder, columns = sys.argv[1:]
columns = int(columns)
arguments = [f"-I{Path(proto).parent}", f"--python_out={folder}", f"--grpc_python_out={folder}", proto]
assert protoc.main(["protoc", *arguments]) == 0
sys.path.insert(0, folder)
import open_inference_pb2 as messages  # noqa: E402
import open_inference_pb2_grpc as services  # noqa: E402

done = {}
with grpc.insecure_channel(address) as channel:
    stub = services.GRPCInferenceServiceStub(channel)
    done["live"] = stub.ServerLive(messages.ServerLiveRequest()).live
    done["ready"] = stub.ServerReady(messages.ServerReadyRequest()).ready
    done["name"] = stub.ServerMetadata(messages.ServerMetadataRequest()).name
    done["modelReady"] = stub.ModelReady(messages.ModelReadyRequest(name="codec")).ready
    model = stub.ModelMetadata(messages.ModelMetadataRequest(name="codec"))
    done["inputs"] = [[each.name, each.datatype, list(each.shape)] for each in model.inputs]

    request = messages.ModelInferRequest(model_name="codec", id="q")
    tensor = request.inputs.add(name="features", datatype="FP64", shape=[2, columns])
    tensor.contents.fp64_contents.extend([0.5] * 2 * columns)
    answer = stub.ModelInfer(request)
    done["answer"] = [answer.id, answer.model_name, answer.model_version]
    done["values"] = list(answer.outputs[0].contents.fp64_contents)
    done["labels"] = [label.decode() for label in answer.outputs[1].contents.bytes_contents]

    tensor.ClearField("contents")
    request.raw_input_contents.append(struct.pack(f"<{2 * columns}d", *[0.5] * 2 * columns))
    raw = stub.ModelInfer(request).raw_output_contents[0]
    done["raw"] = list(struct.unpack(f"<{len(raw) // 8}d", raw))

    try:
        stub.ModelReady(messages.ModelReadyRequest(name="other"))
    except grpc.RpcError as error:
        done["refused"] = error.code().name
print(json.dumps(done))
