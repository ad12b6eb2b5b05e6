"""The frontier against a simulated clock: every address gets its turn, no host more often than it may."""

import itertools
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from tasks.fetch.frontier import Frontier, Turn

addresses = st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20)), max_size=40)


@given(addresses, st.integers(1, 3), st.floats(0, 5), st.floats(0, 3))
def test_every_address_gets_one_turn_at_its_hosts_pace(
    waiting: list[tuple[str, float]], connections: int, delay_s: float, answer_s: float
) -> None:
    frontier = Frontier(connections)
    for number, (host, ready_at) in enumerate(waiting):
        frontier.push(host, f"{host}/{number}", ready_at)
    now, open_turns, starts, busiest = 0.0, [], defaultdict(list), 0
    taken: list[str] = []
    for _ in range(10 * len(waiting) + 10):
        turn = frontier.pop(now)
        if turn is not None:
            taken.append(turn.url)
            starts[turn.host].append(now)
            frontier.hold(turn.host, now + delay_s)
            open_turns.append((now + answer_s, turn))
            busiest = max(busiest, *(sum(one.host == host for _, one in open_turns) for host in "abc"))
            continue
        coming = [at for at in (frontier.next_at(), *(done for done, _ in open_turns)) if at is not None]
        if not coming:
            break
        now = max(now, min(coming))
        for done, turn in [one for one in open_turns if one[0] <= now]:
            open_turns.remove((done, turn))
            frontier.release(turn.host, 0.0)
    assert sorted(taken) == sorted(f"{host}/{number}" for number, (host, _) in enumerate(waiting))
    assert len(frontier) == 0
    assert busiest <= connections
    for host, times in starts.items():
        assert all(later - earlier >= delay_s - 1e-9 for earlier, later in itertools.pairwise(times)), host
    for url in taken:
        number = int(url[2:])
        assert starts[url[0]][[one for one in taken if one[0] == url[0]].index(url)] >= waiting[number][1]


def test_a_host_that_must_wait_keeps_no_other_waiting() -> None:
    frontier = Frontier(1)
    frontier.push("slow", "slow/1", 0.0)
    frontier.push("quick", "quick/1", 0.0)
    frontier.hold("slow", 60.0)
    assert frontier.pop(1.0) == Turn("quick", "quick/1")
    assert frontier.pop(1.0) is None
    assert frontier.next_at() == 60.0
    assert frontier.pop(60.0) == Turn("slow", "slow/1")


def test_what_is_ready_sooner_comes_sooner() -> None:
    frontier = Frontier(1)
    frontier.push("a", "late", 50.0)
    frontier.push("a", "soon", 5.0)
    assert frontier.next_at() == 5.0
    assert frontier.pop(5.0) == Turn("a", "soon")
    frontier.release("a", 0.0)
    assert frontier.pop(49.0) is None
    assert frontier.pop(50.0) == Turn("a", "late")


def test_drain_leaves_nothing() -> None:
    frontier = Frontier(1)
    for number in range(5):
        frontier.push("a", str(number), float(number))
    turn = frontier.pop(9.0)
    assert turn == Turn("a", "0")
    assert sorted(frontier.drain()) == ["1", "2", "3", "4"]
    frontier.release("a", 0.0)
    assert frontier.pop(9.0) is None
    frontier.push("a", "again", 1.0)
    assert frontier.pop(9.0) == Turn("a", "again")
