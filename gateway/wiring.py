"""The real collaborators of the HTTP app, put together."""

from chassis.actor import ActorSigner
from chassis.rpc_client import RpcClient
from chassis.settings import settings
from gateway.parts import Parts


def real_parts() -> Parts:
    """Return the parts of a gateway process; nothing connects before `begin`.

    Exits with a sentence if the key that signs calls is not configured.
    """
    from gateway import identity, timeline, uploads
    from gateway.view360.view import View360

    config = settings()
    if config.actor_private_key_file is None:
        raise SystemExit("Set ACTOR_PRIVATE_KEY_FILE: the gateway signs its calls with it.")
    rpc = RpcClient(
        config.amqp_url,
        ActorSigner.load(config.actor_private_key_file),
        caller="gateway",
    )
    view = View360(rpc, timeline.read)
    return Parts(
        rpc=rpc,
        find_key=identity.find_key,
        actor_of=identity.actor_of,
        view=view,
        timeline=timeline.read,
        store_upload=uploads.store,
        begin=rpc.start,
        end=rpc.stop,
    )
