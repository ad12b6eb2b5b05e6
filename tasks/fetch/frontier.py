"""Whose turn it is: the addresses that wait to be asked, each host at its own pace.

A host with something to ask stands in one heap by the moment at which it may be asked; so the next turn costs the
logarithm of the number of hosts, however many addresses wait. A host all of whose connections are busy stands in no
heap; it comes back when one of them is done. Time is given as an argument, in seconds, so that a test can let it
pass.

>>> frontier = Frontier(host_connections=1)
>>> frontier.push("a.example", "https://a.example/1", ready_at=0.0)
>>> frontier.push("a.example", "https://a.example/2", ready_at=0.0)
>>> frontier.pop(now=5.0), frontier.pop(now=5.0)
(Turn(host='a.example', url='https://a.example/1'), None)
>>> frontier.release("a.example", next_at=6.0)
>>> frontier.pop(now=5.0), frontier.next_at()
(None, 6.0)
"""

import heapq
import itertools
from dataclasses import dataclass, field

NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Turn:
    """An address that may be asked now. Whoever takes it calls `Frontier.release` when its answer is there."""

    host: str
    url: str


@dataclass(slots=True)
class _Queue:
    """What waits at one host: (not before, order of arrival, address), and how many of its connections are busy."""

    waiting: list[tuple[float, int, str]] = field(default_factory=list)
    busy: int = 0
    next_at: float = 0.0
    listed_at: float = NEVER  # the moment for which the host stands in the heap

    def ready_at(self) -> float:
        return max(self.next_at, self.waiting[0][0])


class Frontier:
    """The addresses that wait, by host."""

    def __init__(self, host_connections: int) -> None:
        """Allow `host_connections` turns of one host at a time."""
        self._host_connections = host_connections
        self._queues: dict[str, _Queue] = {}
        self._hosts: list[tuple[float, int, str]] = []
        self._counter = itertools.count()
        self._n_waiting = 0

    def __len__(self) -> int:
        """Return how many addresses wait."""
        return self._n_waiting

    def push(self, host: str, url: str, ready_at: float) -> None:
        """Let `url` wait for a turn at `host`, not before `ready_at`."""
        queue = self._queues.setdefault(host, _Queue())
        heapq.heappush(queue.waiting, (ready_at, next(self._counter), url))
        self._n_waiting += 1
        self._list(host, queue)

    def pop(self, now: float) -> Turn | None:
        """Return a turn whose time has come, or None."""
        while self._hosts and self._hosts[0][0] <= now:
            listed_at, _, host = heapq.heappop(self._hosts)
            queue = self._queues[host]
            if listed_at != queue.listed_at:
                continue  # the host was listed anew for an earlier moment, and this entry is left over
            queue.listed_at = NEVER
            if not queue.waiting or queue.ready_at() > now:  # it was told to wait after it was listed
                self._list(host, queue)
                continue
            _, _, url = heapq.heappop(queue.waiting)
            self._n_waiting -= 1
            queue.busy += 1
            self._list(host, queue)
            return Turn(host, url)
        return None

    def release(self, host: str, next_at: float) -> None:
        """Say that a turn at `host` is over, and when the next one may begin."""
        queue = self._queues[host]
        queue.busy -= 1
        self.hold(host, next_at)
        self._list(host, queue)

    def hold(self, host: str, next_at: float) -> None:
        """Let no turn at `host` begin before `next_at`."""
        queue = self._queues.setdefault(host, _Queue())
        queue.next_at = max(queue.next_at, next_at)

    def next_at(self) -> float | None:
        """Return when the next turn can be taken at the earliest; None where nothing can before one is released."""
        return self._hosts[0][0] if self._hosts else None

    def drain(self) -> list[str]:
        """Take out all addresses that wait, in no order: the time for them is over."""
        left = [url for queue in self._queues.values() for _, _, url in queue.waiting]
        for queue in self._queues.values():
            queue.waiting.clear()
            queue.listed_at = NEVER
        self._hosts.clear()
        self._n_waiting = 0
        return left

    def _list(self, host: str, queue: _Queue) -> None:
        """Put the host into the heap, where it has something to ask and a connection to ask with."""
        if queue.waiting and queue.busy < self._host_connections and queue.ready_at() < queue.listed_at:
            queue.listed_at = queue.ready_at()
            heapq.heappush(self._hosts, (queue.listed_at, next(self._counter), host))
