"""The floor: the least Python that answers requests. Arguments: pipe|socket PATH raw|json.

Frames are a length of four bytes, most significant first, and as many bytes. With ``raw`` they go back as they came; with ``json``
they are read, and the arguments in them are written again. The loop has nothing that a bare worker could do without: what is added
here is taken off what a pool is said to cost.
"""

import json
import os
import socket
import struct
import sys

transport, path, codec = sys.argv[1:4]

if transport == "socket":
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    read = connection.makefile("rb", 1 << 16).read
    write = connection.sendall
else:
    read = os.fdopen(0, "rb", 1 << 16).read
    raw_write = os.fdopen(1, "wb", 0).write

    def write(data):
        """Write all of it: a pipe takes what there is room for."""
        rest = memoryview(data)
        while rest:
            rest = rest[raw_write(rest) :]


length = struct.Struct(">I")
as_json = codec == "json"
loads, dumps = json.loads, json.dumps

while True:
    head = read(4)
    if len(head) < 4:
        break
    body = read(length.unpack(head)[0])
    if as_json:
        request = loads(body)
        body = dumps({"id": request["id"], "ok": True, "result": request["args"]}).encode()
    write(length.pack(len(body)) + body)
