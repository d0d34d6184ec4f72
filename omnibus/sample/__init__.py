"""Sample data that looks like real life: through the API, or in bulk for measurements."""

from dataclasses import dataclass

from chassis import clock
from omnibus.sample.api import Api
from omnibus.sample.seeding import Progress, Seeding
from omnibus.sample.story import SIZES, compose

SEED = 20260101


@dataclass(frozen=True)
class SampleResult:
    """What was made.

    Attributes:
        sample_customer_id: A customer with something in every section of its 360 view.
    """

    sample_customer_id: str
    customer_ids: tuple[str, ...]


def seed(
    api_url: str,
    admin_key: str,
    size: str = "small",
    progress: Progress = lambda done, total, what: None,
    seed: int = SEED,
) -> SampleResult:
    """Make sample data through the gateway's own API.

    Args:
        size: `tiny` or `small`.
        progress: Told what is done, of how much, and what it is.
        seed: Equal seeds make equal data on an empty system.

    Raises:
        Problem: The API refused something, or a service did not do its part in time.
    """
    api = Api(api_url, admin_key)
    try:
        # After an attempt that was broken off, other customers: codes and references are unique.
        there = api.get("/v1/customers", limit=1, count="exact")["total"]
        plan = compose(size, seed + there, clock.today())
        made = Seeding(api, plan, progress).run()
    finally:
        api.close()
    return SampleResult(made[0], tuple(made))


__all__ = ["SEED", "SIZES", "SampleResult", "seed"]
