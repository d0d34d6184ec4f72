"""Reading a file beside a running hub: the worker goes on, and whole blocks are read (L16)."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

# In a process of its own: patching the standard library is for ever.
SCRIPT = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
import json
from gateway.imports.file_reader import FileReader

beats, reads = [], []

def beat():
    while True:
        beats.append(None)
        eventlet.sleep(0.002)

other = eventlet.spawn(beat)
lines = "".join(f"n{i},138{i:08d}\\n" for i in range(5000))
with FileReader([f"name,phone\\n{lines}".encode()], None, 500) as reader:
    pipe = reader._child.stdout
    read = pipe.read
    pipe.read = lambda size: reads.append(size) or read(size)
    head, *chunks = reader.messages()
rows = sum(len(chunk["rows"]) for chunk in chunks)
print(json.dumps({"beats": len(beats), "reads": len(reads), "rows": rows}))
"""


def test_a_file_is_read_in_blocks_while_other_greenlets_run():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    found = json.loads(done.stdout)

    assert found["rows"] == 5000
    assert found["beats"] > 5
    # Some hundred kilobytes, a pipe's block at a time; a buffered green pipe reads single bytes.
    assert found["reads"] < 2000
