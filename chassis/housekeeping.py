"""What every service forgets after 90 days: idempotency records, inbox rows, old attempts."""

from typing import TYPE_CHECKING

from chassis import idempotency, inbox
from chassis.entrypoints import every

if TYPE_CHECKING:
    from chassis.db import Tx

_HOUR = 3600.0


class Housekeeping:
    """Every service class inherits it.

    Attributes:
        keep_inbox_for_ever: True where a repeated event would move money a second time.
    """

    keep_inbox_for_ever = False

    @every(_HOUR)
    def purge_old_records(self, tx: "Tx") -> None:
        """Delete what no repeat can ask for any more."""
        idempotency.purge(tx)
        inbox.purge(tx, keep_received=self.keep_inbox_for_ever)
