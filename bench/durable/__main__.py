"""The child's side of `bench.durable.child`."""

import json
import logging
import sys

from bench.durable.child import run

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print("\n" + json.dumps(run(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))), flush=True)
