"""The floor of streams: for each number of four bytes that it reads, so many items, encoded one by one and written in blocks.

An item has its length, four bytes, before it. The encoder is the worker's.
"""

import os
import sys

try:
    import orjson

    dumps = orjson.dumps
except ImportError:
    import json

    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode

    def dumps(item):
        """Return the item's JSON."""
        return encode(item).encode()


BLOCK = 48 * 1024
read = sys.stdin.buffer.read

while True:
    asked = read(4)
    if len(asked) < 4:
        break
    block = bytearray()
    for number in range(int.from_bytes(asked, "big")):
        item = dumps({"id": number, "text": "token"})
        block += len(item).to_bytes(4, "big")
        block += item
        if len(block) >= BLOCK:
            os.write(1, block)
            block.clear()
    os.write(1, block)
