"""Signs in by each way that azure-identity and MSAL have."""

import threading
import webbrowser
from html.parser import HTMLParser

import msal
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
    OnBehalfOfCredential,
)
from common import FACTS, SCOPE

TENANT = FACTS["tenantId"]
AUTHORITY = f"{FACTS['loginUrl']}/{TENANT}"
PLACE = {"authority": FACTS["loginUrl"], "disable_instance_discovery": True}
READ = "https://graph.microsoft.com/User.Read"


def call(token, path):
    answer = requests.get(
        FACTS["graphUrl"] + path, headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_app(token):
    return len(call(token, "/users?$top=2")["value"]) == 2


def is_user(token):
    return call(token, "/me")["userPrincipalName"] == FACTS["userPrincipalName"]


def secret():
    credential = ClientSecretCredential(TENANT, FACTS["clientId"], FACTS["clientSecret"], **PLACE)
    assert is_app(credential.get_token(SCOPE).token)
    application = msal.ConfidentialClientApplication(
        FACTS["clientId"],
        client_credential=FACTS["clientSecret"],
        authority=AUTHORITY,
        instance_discovery=False,
    )
    tokens = application.acquire_token_for_client([SCOPE])
    assert is_app(tokens["access_token"]), tokens
    assert tokens["token_source"] == "identity_provider"
    again = application.acquire_token_for_client([SCOPE])
    assert again["token_source"] == "cache" and again["access_token"] == tokens["access_token"]


def certificate():
    with open(FACTS["clientCertificate"], "rb") as pem, open(FACTS["clientKey"], "rb") as key:
        data = key.read() + pem.read()
    credential = CertificateCredential(
        TENANT, FACTS["clientId"], certificate_data=data, send_certificate_chain=True, **PLACE
    )
    assert is_app(credential.get_token(SCOPE).token)


def device_code():
    credential = DeviceCodeCredential(
        FACTS["publicClientId"],
        tenant_id=TENANT,
        prompt_callback=lambda _uri, code, _expires: print("approve", code, flush=True),
        **PLACE,
    )
    first = credential.get_token(READ).token
    assert is_user(first)
    assert credential.get_token(READ).token == first
    application = msal.PublicClientApplication(
        FACTS["publicClientId"], authority=AUTHORITY, instance_discovery=False
    )
    flow = application.initiate_device_flow([READ])
    assert flow["verification_uri"].startswith("https://"), flow
    print("approve", flow["user_code"], flush=True)
    tokens = application.acquire_token_by_device_flow(flow)
    assert is_user(tokens["access_token"])
    assert tokens["id_token_claims"]["preferred_username"] == FACTS["userPrincipalName"]
    account = application.get_accounts()[0]
    assert account["username"] == FACTS["userPrincipalName"]
    silent = application.acquire_token_silent([READ], account, force_refresh=True)
    assert is_user(silent["access_token"]) and silent["access_token"] != tokens["access_token"]


def on_behalf_of():
    public = msal.PublicClientApplication(
        FACTS["publicClientId"], authority=AUTHORITY, instance_discovery=False
    )
    flow = public.initiate_device_flow([f"api://{FACTS['clientId']}/access_as_user"])
    print("approve", flow["user_code"], flush=True)
    tokens = public.acquire_token_by_device_flow(flow)
    credential = OnBehalfOfCredential(
        TENANT,
        FACTS["clientId"],
        client_secret=FACTS["clientSecret"],
        user_assertion=tokens["access_token"],
        **PLACE,
    )
    assert is_user(credential.get_token(READ).token)


def refresh():
    application = msal.PublicClientApplication(
        FACTS["publicClientId"], authority=AUTHORITY, instance_discovery=False
    )
    tokens = application.acquire_token_by_refresh_token(FACTS["publicRefreshToken"], scopes=[READ])
    assert is_user(tokens["access_token"]), tokens


class Form(HTMLParser):
    """The form of a page."""

    def __init__(self, page):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes["value"]


def visit(url):
    """Visits a page, and submits its form, as the page's script does."""
    page = requests.get(url, timeout=30)
    form = Form(page.text)
    if form.action:
        requests.post(form.action, data=form.fields, timeout=30)


class Browser(webbrowser.BaseBrowser):
    """A browser without a window, in which the user is signed in."""

    def open(self, url, new=0, autoraise=True):
        threading.Thread(target=visit, args=(url,)).start()
        return True


def interactive():
    webbrowser.register("simulated", None, Browser("simulated"), preferred=True)
    application = msal.PublicClientApplication(
        FACTS["publicClientId"], authority=AUTHORITY, instance_discovery=False
    )
    tokens = application.acquire_token_interactive([READ], timeout=30)
    assert is_user(tokens["access_token"]), tokens
    credential = InteractiveBrowserCredential(
        tenant_id=TENANT, client_id=FACTS["publicClientId"], timeout=30, **PLACE
    )
    assert is_user(credential.get_token(READ).token)


def refused():
    credential = ClientSecretCredential(TENANT, FACTS["clientId"], "wrong", **PLACE)
    try:
        credential.get_token(SCOPE)
        raise AssertionError("a wrong secret is accepted")
    except ClientAuthenticationError as error:
        assert "AADSTS7000215" in str(error), error
    credential = ClientSecretCredential("fabrikam.com", FACTS["clientId"], "wrong", **PLACE)
    try:
        credential.get_token(SCOPE)
        raise AssertionError("an unknown tenant is accepted")
    except ClientAuthenticationError as error:
        assert "double check your tenant name" in str(error), error
    application = msal.ConfidentialClientApplication(
        FACTS["clientId"],
        client_credential="wrong",
        authority=AUTHORITY,
        instance_discovery=False,
    )
    tokens = application.acquire_token_for_client([SCOPE])
    assert tokens["error"] == "invalid_client" and tokens["error_codes"] == [7000215], tokens


for check in (
    secret,
    certificate,
    device_code,
    on_behalf_of,
    refresh,
    interactive,
    refused,
):
    print(check.__name__, flush=True)
    check()
