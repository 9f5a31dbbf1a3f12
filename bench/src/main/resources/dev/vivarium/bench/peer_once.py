"""One call: what comes in goes out, decoded and encoded again where it is JSON."""

import json
import sys

body = sys.stdin.buffer.read()
sys.stdout.buffer.write(json.dumps(json.loads(body)).encode() if sys.argv[1] == "small" else body)
