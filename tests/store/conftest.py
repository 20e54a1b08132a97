from datetime import datetime

import pytest

from store.db import Store
from tests.store.cast import Syncing, begin


@pytest.fixture
def sync(store: Store, now: datetime) -> Syncing:
    """A sync at work on the store's only account."""
    return begin(store, now)
