"""Sends batches by the SDK."""

import asyncio

from common import graph_client, user_credential
from msgraph.generated.models.message import Message
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem


async def main():
    client = graph_client(user_credential())
    me = client.me.to_get_request_information()
    unknown = client.users.by_user_id("nobody@contoso.com").to_get_request_information()
    draft = client.me.messages.to_post_request_information(Message(subject="Of a batch"))
    items = {name: BatchRequestItem(request, id=name) for name, request in
             (("me", me), ("unknown", unknown), ("draft", draft))}
    items["draft"].set_depends_on(["me"])
    content = BatchRequestContent(items)
    responses = await client.batch.post(batch_request_content=content)
    statuses = responses.get_response_status_codes()
    assert statuses == {"me": 200, "unknown": 404, "draft": 201}, statuses
    # The SDK does not read the bodies of the responses.
    messages = await client.me.messages.get()
    assert "Of a batch" in [message.subject for message in messages.value]


asyncio.run(main())
