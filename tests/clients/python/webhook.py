"""Subscribes to a mailbox, and receives a notification."""

import asyncio
import datetime
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from common import graph_client, user_credential
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.subscription import Subscription

RECEIVED = queue.Queue()
VALIDATIONS = []


class Webhook(BaseHTTPRequestHandler):
    """A webhook as Microsoft's documentation shows it."""

    def do_POST(self):
        token = parse_qs(urlsplit(self.path).query).get("validationToken")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if token:
            VALIDATIONS.append(token[0])
            self.send_response(200 if self.path.startswith("/good") else 500)
            self.send_header("content-type", "text/plain")
            self.end_headers()
            self.wfile.write(token[0].encode())
        else:
            RECEIVED.put(json.loads(body))
            self.send_response(202)
            self.end_headers()

    def log_message(self, *_):
        pass


def subscription(url, **more):
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return Subscription(
        change_type="created,deleted",
        notification_url=url,
        resource="me/messages",
        expiration_date_time=later,
        client_state="a secret of the test",
        **more,
    )


async def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    client = graph_client(user_credential())
    created = await client.subscriptions.post(subscription(f"{url}/good"))
    assert created.id and created.resource == "me/messages" and len(VALIDATIONS) == 1
    try:
        await client.subscriptions.post(subscription(f"{url}/bad"))
        raise AssertionError("a webhook that fails is accepted")
    except ODataError as error:
        assert error.response_status_code == 400, error
    draft = await client.me.messages.post(Message(subject="Look"))
    [told] = RECEIVED.get(timeout=30)["value"]
    assert told["changeType"] == "created" and told["subscriptionId"] == created.id
    assert told["clientState"] == "a secret of the test"
    assert told["resourceData"]["id"] == draft.id and draft.id in told["resource"]
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    one = client.subscriptions.by_subscription_id(created.id)
    renewed = await one.patch(Subscription(expiration_date_time=later))
    assert abs(renewed.expiration_date_time - later) < datetime.timedelta(seconds=1)
    assert [each.id for each in (await client.subscriptions.get()).value] == [created.id]
    await one.delete()
    await client.me.messages.by_message_id(draft.id).delete()
    await asyncio.sleep(0.5)
    assert RECEIVED.empty()


asyncio.run(main())
