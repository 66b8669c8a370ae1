"""The plumbing between gradparity and functions.py. You need not open this file."""

import platform
import sys
import time
from functools import partial

import numpy as np
from gradparity.serve import Refusal, serve


class Unsupported(Exception):
    """Answered as unsupported."""


def not_written():
    """Stands where nothing is yet."""
    raise Unsupported(f"{sys._getframe(1).f_code.co_name} is not written yet")


if __name__ == "__main__":
    sys.modules["serve"] = sys.modules["__main__"]  # functions.py means this one
    import functions as mine

    FUNCTIONS = {function.__name__: function for function in mine.FUNCTIONS}
    last = {}  # the arrays that came last, to be given back by inputs


def hello(request):
    return {
        "name": "PORT_NAME",
        "language": "Python",
        "version": f"{platform.python_version()} (NumPy {np.__version__})",
        "blas": "NumPy's",
        "threads": 1,
        "dtypes": ",".join(mine.DTYPES),
        "layers": "",
        "operations": "hello,call,inputs,null,time",
        "optimizers": "",
        "epsilon": "any",
        "functions": ",".join(FUNCTIONS),
    }, {}


def call_of(request):
    """The call that is asked for."""
    global last
    name, last = request.fields["function"], request.arrays
    if name not in FUNCTIONS:
        raise Unsupported(f"no function {name} in functions.py")
    given = [array if array.ndim else array[()] for array in last.values()]
    return partial(FUNCTIONS[name], *given)


def call(request):
    results = call_of(request)()
    if not isinstance(results, dict):
        came = type(results).__name__
        raise Refusal(f"{request.fields['function']} in functions.py: expected a dict of results, came {came}")
    return {}, {name: as_it_travels(name, np.asarray(result)) for name, result in results.items()}


def as_it_travels(name, result):
    """Booleans as uint8, integers as int32."""
    if result.dtype == bool:
        return result.astype(np.uint8)
    if result.dtype.kind not in "iu" or result.dtype == np.uint8:
        return result
    if np.any(result != result.astype(np.int32)):
        raise Refusal(f"{name}: expected integers that are int32, came {result.max()}")
    return result.astype(np.int32)


def inputs(request):
    return {}, last


def null(request):
    return {}, {}


def take_time(request):
    call, took = {"null": lambda request: lambda: None, "call": call_of}[request.fields["operation"]](request), []
    for _ in range(int(request.fields["samples"])):
        begin = time.perf_counter_ns()
        for _ in range(int(request.fields["calls"])):
            call()
        took.append(float(time.perf_counter_ns() - begin))
    return {}, {"nanoseconds": took}


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # what you print is not lost where it crashes
    serve({"hello": hello, "call": call, "inputs": inputs, "null": null, "time": take_time}, Unsupported)
