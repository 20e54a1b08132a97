"""The server: the pages, the schedule behind them, and the routes beside them, those of metering included.

streamlit run app.py
"""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metering.intake import Intake
from metering.keyring import KeyRing
from metering.routes import Desk
from scheduler import Scheduler
from settings import settings
from store.db import Store, open_store
from store.errors import StoreError
from store.metering_keys import valid_keys
from store.overview import overview
from syncing import utc_now

LOG = logging.getLogger("spendglass")
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss: data: blob:; worker-src 'self' "
        "blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Service:
    """The opened store and its running schedule; starting may take a migration's time and happens in the background."""

    def __init__(self) -> None:
        self.store: Store | None = None
        self.fault: StoreError | None = None
        self.intake = Intake()
        self.keys: KeyRing | None = None
        self._scheduler: Scheduler | None = None
        self._starting = threading.Thread(target=self._start, name="start", daemon=True)

    def start(self) -> None:
        self._starting.start()

    def _start(self) -> None:
        try:
            store = open_store()
            scheduler = Scheduler(store)
            scheduler.start()
        except StoreError as fault:
            LOG.error("%s Likely cause: %s Next step: %s", fault.message, fault.likely_cause, fault.resolution)  # noqa: TRY400
            self.fault = fault
        else:
            self._scheduler = scheduler
            self.store = store
            self.keys = KeyRing(lambda: valid_keys(store, settings()))

    async def meter(self) -> None:
        """Count metered events from the moment the database is open."""
        await asyncio.to_thread(self._starting.join)
        if self.store is not None:
            await self.intake.run()

    def stop(self) -> None:
        self._starting.join()
        if self._scheduler is not None:
            self._scheduler.stop()
        if self.store is not None:
            self.store.close()


SERVICE = Service()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    _freeze_imports()
    SERVICE.start()
    metering = asyncio.create_task(SERVICE.meter())
    try:
        yield {}
    finally:
        await SERVICE.intake.stop()
        await metering
        SERVICE.stop()


def _freeze_imports() -> None:
    """Import what pages need and take it out of the garbage collector's rounds, which follow every script run."""
    import pandas  # noqa: F401, ICN001, PLC0415
    import plotly.graph_objects  # noqa: F401, PLC0415
    import pyarrow  # noqa: F401, ICN001, PLC0415

    gc.collect()
    gc.freeze()


def healthz(_request: Request) -> JSONResponse:
    """The process lives, the database answers, and the age in seconds of every account's last good sync."""
    if SERVICE.store is None:
        return JSONResponse({"status": "starting" if SERVICE.fault is None else "failed"}, status_code=503)
    try:
        now = utc_now()
        rows = overview(SERVICE.store, now)
    except StoreError as fault:
        return JSONResponse({"status": "failed", "database": fault.message}, status_code=503)
    ages = {
        str(row["id"]): {
            "provider": row["provider"],
            "state": row["state"],
            "age_seconds": row["last_success"] and int((now - row["last_success"]).total_seconds()),
        }
        for row in rows
    }
    return JSONResponse({"status": "ok", "database": "ok", "accounts": ages})


def readyz(_request: Request) -> JSONResponse:
    """200 once the database is at this version and the schedule runs; 503 while migrating or when that failed."""
    if SERVICE.fault is not None:
        fault = SERVICE.fault
        body = {"ready": False, "message": fault.message, "next_step": fault.resolution}
        return JSONResponse(body, status_code=503)
    ready = SERVICE.store is not None
    return JSONResponse({"ready": ready}, status_code=200 if ready else 503)


class SecurityHeaders:
    """Adds the response headers that browsers guard a page by."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)


app = st.App(
    "pages/main.py",
    lifespan=lifespan,
    routes=[
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *Desk(SERVICE.intake, lambda: SERVICE.keys).routes(),
    ],
    middleware=[Middleware(SecurityHeaders)],
)
