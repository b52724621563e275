"""Work that is done in a thread before its result is asked for."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")

END: Any = object()


def ahead(items: Generator[Item, None, None], count: int) -> Generator[Item, None, None]:
    """The items, each made in a thread of their own, at most `count` of them in advance.

    Errors are raised where the item would have come. Closing it waits for the item in work, and
    closes `items`.
    """
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="bdnet-ahead") as thread:
            pending = deque(thread.submit(next, items, END) for _ in range(count))
            try:
                while (item := pending.popleft().result()) is not END:
                    pending.append(thread.submit(next, items, END))
                    yield item
            finally:
                for future in pending:
                    future.cancel()
    finally:
        items.close()
