"""A process that syncs an account in a child of its own for every line it reads, so that a test can kill the child.

Reads account ids, one a line; answers each with the child's process number, and with `gone` once it has ended. Imports
are done once, so that a kill hits the sync and not its start.
"""

import os
import sys

from store.db import open_store
from syncing import sync_account, utc_now

DAYS_READ_AGAIN = 70


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            oldest = utc_now().date().fromordinal(utc_now().date().toordinal() - DAYS_READ_AGAIN)
            sync_account(open_store(), int(line), trigger="cli", since=oldest)
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("gone\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
