"""Read by every Python that starts with this folder on its path: such a process lives at an instant told by the tests.

`E2E_CLOCK_OFFSET` holds the seconds between the machine's clock and that instant, so that all processes agree.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine

shifted = datetime.now(UTC) + timedelta(seconds=float(os.environ["E2E_CLOCK_OFFSET"]))
time_machine.travel(shifted, tick=True).start()
