"""A port that answers hello and never reads again."""

import time

from gradparity.ports.wire import Message, decode, encode
from gradparity.serve import take_stdio

source, stdout = take_stdio()
decode(source)
fields = dict.fromkeys(("name", "language", "version", "blas", "threads", "dtypes", "layers", "operations"), "x")
for piece in encode(Message("ok", {**fields, "optimizers": "", "epsilon": "any"})):
    stdout.write(piece)
stdout.flush()
time.sleep(1000)
