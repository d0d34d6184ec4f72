"""API keys: how partners and people's programs get in."""

from gateway.http.operations import Resource, Rows
from schemas import gateway as schemas

_rows = Rows("/v1/api-keys", "gateway", "key", schemas.ApiKey, allow="api_keys")

API_KEYS = Resource(
    "api-keys",
    "API keys 访问密钥",
    (
        _rows.list("list_api_keys", schemas.API_KEY_LIST),
        _rows.create(
            "create_api_key",
            schemas.CreateApiKey,
            reply=schemas.NewApiKey,
            location="",
            description="The answer is the only place where the secret is ever shown.",
        ),
        _rows.act("revoke", "revoke_api_key", schemas.RevokeApiKey, "Make a key useless at once"),
    ),
)
