"""A process beside the server that runs its syncs in threads: one interpreter for all of them, apart from the pages'.

Server and worker talk over a pipe. It breaks when either dies: the worker then ends at once, and the server calls what
was running dead and starts another worker for the next task.
"""

import itertools
import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from store.db import open_store
from store.errors import StoreError

LOG = logging.getLogger("spendglass.worker")
SECONDS_TO_END = 5

Task = Callable[..., None]


class Worker:
    """Runs one kind of task, given a store of the worker's own and plain arguments, several at a time."""

    def __init__(self, task: Task, *, threads: int) -> None:
        self._task, self._threads = task, threads
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._is_stopped = False
        self._pipe: Connection[Any, Any] | None = None
        self._process: SpawnProcess | None = None
        self._running: dict[int, Future[None]] = {}

    def start(self) -> None:
        """Start the process before it is needed: importing takes longer than many a task."""
        with self._lock:
            if self._pipe is None and not self._is_stopped:
                context = multiprocessing.get_context("spawn")
                self._pipe, far_end = context.Pipe()
                arguments = (far_end, self._task, self._threads)
                self._process = context.Process(target=_serve, args=arguments, name="syncs", daemon=True)
                self._process.start()
                far_end.close()
                threading.Thread(target=self._listen, args=(self._pipe,), name="worker-answers", daemon=True).start()

    def run(self, *arguments: int) -> None:
        """Run the task and wait for its end; nothing is run once the worker was stopped."""
        self.start()
        done: Future[None] = Future()
        with self._lock:
            if self._pipe is None:
                return
            number = next(self._numbers)
            self._running[number] = done
            try:
                self._pipe.send((number, arguments))
            except OSError:
                self._end_all(self._pipe)
        done.result()

    def _listen(self, pipe: "Connection[Any, Any]") -> None:
        try:
            while True:
                number = pipe.recv()
                with self._lock:
                    self._running.pop(number).set_result(None)
        except (EOFError, OSError):
            with self._lock:
                if self._pipe is pipe and not self._is_stopped:
                    LOG.warning("The process that syncs has died; its accounts go on with their next sync.")
                self._end_all(pipe)

    def _end_all(self, pipe: "Connection[Any, Any]") -> None:
        """Let go of a broken pipe and of all that waits for it; the lock is held."""
        if self._pipe is pipe:
            self._pipe = None
            for done in self._running.values():
                done.set_result(None)
            self._running.clear()

    def stop(self) -> None:
        """Cut off what runs: a sync ends between two transactions, never within one."""
        with self._lock:
            self._is_stopped = True
            process, pipe = self._process, self._pipe
        if process is not None:
            process.terminate()
            process.join(SECONDS_TO_END)
        if pipe is not None:
            with self._lock:
                self._end_all(pipe)
            pipe.close()


def _serve(pipe: "Connection[Any, Any]", task: Task, threads: int) -> None:
    """The worker's life: tasks in, their numbers out when they have ended."""
    store = open_store()
    sending = threading.Lock()

    def run(number: int, arguments: tuple[int, ...]) -> None:
        try:
            task(store, *arguments)
        finally:
            with sending:
                pipe.send(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the server, which ends this process
    pool = ThreadPoolExecutor(threads)
    try:
        while True:
            pool.submit(run, *pipe.recv()).add_done_callback(_log_fault)
    except (EOFError, OSError):
        os._exit(1)


def _log_fault(done: "Future[None]") -> None:
    """Says where a task failed, not what with: a text may quote what must not be logged."""
    if fault := done.exception():
        places = "".join(traceback.format_tb(fault.__traceback__))
        LOG.error("%s\n%s", fault.message if isinstance(fault, StoreError) else type(fault).__name__, places)
