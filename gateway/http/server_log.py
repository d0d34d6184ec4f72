"""gunicorn's own messages, in the one form of all logs."""

import logging
from typing import Any

from gunicorn.glogging import Logger

from chassis import logging as logs


class ServerLog(Logger):
    """Hands everything to the process' log; requests are logged by the app itself."""

    def setup(self, cfg: Any) -> None:
        """Configure logging once, in the master; workers inherit it."""
        logs.configure("gateway")
        for logger in (self.error_log, self.access_log):
            logger.handlers[:] = []
            logger.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.setLevel(logging.CRITICAL)

    def reopen_files(self) -> None:
        """Do nothing: standard output needs no reopening."""
