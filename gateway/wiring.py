"""The real collaborators of the HTTP app, put together."""

from chassis.actor import ActorSigner
from chassis.event_tap import EventTap
from chassis.rpc_client import RpcClient
from chassis.settings import settings
from gateway import identity, timeline, uploads
from gateway.database import DATABASE, QUICK_READS
from gateway.parts import Parts
from gateway.view360.invalidation import Invalidation
from gateway.view360.view import View360
from schemas.leads import EVENTS as LEAD_EVENTS


def real_parts() -> Parts:
    """Return the parts of a gateway process; nothing connects before `begin`.

    Exits with a sentence if the key that signs calls is not configured.
    """
    config = settings()
    if config.actor_private_key_file is None:
        raise SystemExit("Set ACTOR_PRIVATE_KEY_FILE: the gateway signs its calls with it.")
    signer = ActorSigner.load(config.actor_private_key_file)
    rpc = RpcClient(config.amqp_url, signer, caller="gateway")
    view = View360(rpc)
    changes = Invalidation(view.cache)
    # A new lead is on nobody's view: an import would wake every worker for each of its rows.
    only = {"leads": [name for name in LEAD_EVENTS.types if name != "lead_created"]}
    tap = EventTap(config.amqp_url, "gateway", changes.on_event, changes.on_lost, only)

    def begin() -> None:
        rpc.start()
        tap.start()

    def end() -> None:
        tap.stop()
        rpc.stop()
        DATABASE.dispose()
        QUICK_READS.dispose()

    return Parts(
        rpc=rpc,
        find_key=identity.find_key,
        actor_of=identity.actor_of,
        view=view,
        timeline=timeline.read,
        store_upload=uploads.store,
        begin=begin,
        end=end,
    )
