from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connectors.patience import patience
from connectors.vertex import connect
from connectors.vertex_key import VertexCredential
from connectors.vertex_session import BigQuerySession
from tests.connectors.local_server import Reply, Request, provider
from tests.connectors.vertex.wire import Bigquery, marked_key

Answer = Callable[[Request], Reply]
Open = Callable[..., BigQuerySession]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """A session with Google's client over a server that answers by a plain function; one attempt per request."""
    with ExitStack() as stack:

        def open_session(answer: Answer | None = None, **wishes: Any) -> BigQuerySession:
            url = stack.enter_context(provider(answer or Bigquery().answer))
            monkeypatch.setenv("SPENDGLASS_ENDPOINT_VERTEX", url)
            session = connect(VertexCredential.model_validate({**marked_key(), **wishes}))
            stack.callback(session.close)
            return session

        stack.enter_context(patience(attempts=1, total_seconds=20))
        yield open_session
