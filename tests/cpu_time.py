"""Take the processor time of work, for tests that tell what is linear from what is quadratic on a busy machine."""

import time
from collections.abc import Callable

TRIES = 5


def least_s(work: Callable[[], object], within_s: float = 0.0) -> float:
    """Return the processor time that `work` takes when nothing else gets in its way: the least of up to five tries.

    A try of at most `within_s` seconds is the last one: a test that asks for no less need not be run again.
    """
    least = float("inf")
    for _ in range(TRIES):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
        if least <= within_s:
            break
    return least
