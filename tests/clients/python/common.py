"""The parts that all scripts share: the facts about the simulator, and a client of it."""

import json
import os
import sys

from azure.identity import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient

FACTS = json.loads(os.environ["SIMULATOR"])
SCOPE = "https://graph.microsoft.com/.default"

# `proxy` in the arguments: the client calls Microsoft's own addresses, which the proxy serves.
PROXIED = "proxy" in sys.argv[1:]


def secret_credential(**more):
    """Returns the credential of the application."""
    if not PROXIED:
        more |= {"authority": FACTS["loginUrl"], "disable_instance_discovery": True}
    return ClientSecretCredential(FACTS["tenantId"], FACTS["clientId"], FACTS["clientSecret"], **more)


def graph_client(credential=None):
    """Returns a client, made as Microsoft's documentation says."""
    credential = credential or secret_credential()
    if PROXIED:
        return GraphServiceClient(credentials=credential, scopes=[SCOPE])
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[SCOPE], allowed_hosts=["127.0.0.1"]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = FACTS["graphUrl"]
    return GraphServiceClient(request_adapter=adapter)


def user_credential():
    """Returns a credential of the user, from the refresh token."""
    return RefreshedUser()


class RefreshedUser:
    """A credential that redeems a refresh token by MSAL, as a web application does."""

    def __init__(self):
        import msal

        self.application = msal.PublicClientApplication(
            FACTS["publicClientId"],
            authority=f"{FACTS['loginUrl']}/{FACTS['tenantId']}",
            instance_discovery=False,
        )
        tokens = self.application.acquire_token_by_refresh_token(
            FACTS["publicRefreshToken"], scopes=["https://graph.microsoft.com/User.Read"]
        )
        assert "access_token" in tokens, tokens
        self.tokens = tokens

    def get_token(self, *scopes, **_options):
        from azure.core.credentials import AccessToken

        return AccessToken(self.tokens["access_token"], 2**32)


async def all_pages(first, builder):
    """Returns the items of all pages."""
    items = list(first.value)
    while first.odata_next_link:
        first = await builder.with_url(first.odata_next_link).get()
        items.extend(first.value)
    return items
