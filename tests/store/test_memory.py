from datetime import datetime
from decimal import Decimal

from store.db import Store
from store.memory import known_api_keys, printed_lines
from store.records import ApiKeyRecord, LineItem
from tests.store.cast import Syncing, bill, cost, day, march


def printed(**amounts: str) -> tuple[LineItem, ...]:
    return tuple(LineItem(label=label, amount=Decimal(amount)) for label, amount in amounts.items())


def test_the_newest_days_with_printed_lines_are_remembered_oldest_first(store: Store, sync: Syncing) -> None:
    days = [
        cost(number, "1", line_items=printed(usage=f"{number}.1234567890123", daily="1")) for number in (2, 4, 5, 7)
    ]
    sync.save(bill(march(1, 9), *days, cost(9, "3")))
    assert printed_lines(store, sync.account_id) == [
        (day(number), "k1", {"usage": Decimal(f"{number}.1234567890123"), "daily": Decimal(1)}) for number in (4, 5, 7)
    ]
    assert printed_lines(store, sync.account_id + 1) == []


def test_keys_are_remembered_with_their_workspace_when_they_are_listed_no_more(
    store: Store, sync: Syncing, now: datetime
) -> None:
    listed = ApiKeyRecord(api_key_id="k2", workspace_id="w2")
    sync.save(bill(march(1, 1), cost(1, "1"), api_keys=(listed,)))
    sync.save(bill(march(2, 2), listed_workspaces=frozenset({"w1", "w2"})))
    assert known_api_keys(store, sync.account_id) == {"k1": "w1", "k2": "w2"}
