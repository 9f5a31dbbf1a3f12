"""A gRPC server that sends back what it gets: JSON by Small, bytes by Bytes. Needs grpcio."""

import json
import os
import sys
import threading
from concurrent import futures

import grpc


def small(body: bytes, context: object) -> bytes:
    return json.dumps(json.loads(body)).encode()


def as_it_is(body: bytes, context: object) -> bytes:
    return body


def end_with_the_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
server.add_generic_rpc_handlers(
    (
        grpc.method_handlers_generic_handler(
            "vivarium.Echo",
            {
                "Small": grpc.unary_unary_rpc_method_handler(small),
                "Bytes": grpc.unary_unary_rpc_method_handler(as_it_is),
            },
        ),
    )
)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
threading.Thread(target=end_with_the_input, daemon=True).start()
print(port, flush=True)
server.wait_for_termination()
