"""Work in advance: in order, bounded, and ended by an error or a consumer that leaves."""

import threading
from collections.abc import Generator
from contextlib import closing

import pytest

from bdnet.system.ahead import ahead


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "bdnet-ahead" in thread.name]


class Source:
    """Counts how many numbers were taken, and whether it was closed."""

    def __init__(self, count: int, fails_at: int | None = None) -> None:
        self.count, self.fails_at = count, fails_at
        self.taken, self.is_closed, self.changed = 0, False, threading.Condition()

    def numbers(self) -> Generator[int, None, None]:
        try:
            for number in range(self.count):
                if number == self.fails_at:
                    raise OSError(number)
                with self.changed:
                    self.taken += 1
                    self.changed.notify_all()
                yield number
        finally:
            self.is_closed = True


def test_items_come_in_order():
    assert list(ahead(ahead(Source(50).numbers(), 3), 2)) == list(range(50))
    assert threads() == []


def test_no_more_items_wait_than_asked_for():
    source = Source(50)
    with closing(ahead(source.numbers(), 3)) as items:
        assert next(items) == 0
        with source.changed:
            # one was handed over, and three wait
            assert source.changed.wait_for(lambda: source.taken == 4, timeout=10)
        assert next(items) == 1
    assert source.taken <= 6


def test_a_consumer_that_leaves_stops_every_stage():
    source = Source(50)
    items = ahead(ahead(source.numbers(), 3), 2)
    assert next(items) == 0
    items.close()
    assert source.is_closed
    assert threads() == []


def test_an_error_comes_where_its_item_would_have_come():
    source = Source(50, fails_at=4)
    items = ahead(ahead(source.numbers(), 3), 2)
    assert [next(items) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(OSError, match="4"):
        next(items)
    assert source.is_closed
    assert threads() == []
