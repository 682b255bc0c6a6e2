"""Works with a mailbox by the SDK: drafts, sending, replies, attachments, MIME, folders."""

import asyncio
import base64
import email
import email.policy

from common import FACTS, graph_client, user_credential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.file_attachment import FileAttachment
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.mail_folder import MailFolder
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.mail_folders.item.messages.messages_request_builder import (
    MessagesRequestBuilder,
)
from msgraph.generated.users.item.messages.item.create_reply.create_reply_post_request_body import (
    CreateReplyPostRequestBody,
)
from msgraph.generated.users.item.messages.item.move.move_post_request_body import (
    MovePostRequestBody,
)
from msgraph.generated.users.item.messages.item.reply.reply_post_request_body import (
    ReplyPostRequestBody,
)
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import (
    SendMailPostRequestBody,
)

BYTES = bytes(range(256)) * 8


def to(address):
    return Recipient(email_address=EmailAddress(address=address))


def message(subject, *recipients, **more):
    return Message(
        subject=subject,
        body=ItemBody(content_type=BodyType.Text, content=f"About {subject}"),
        to_recipients=[to(address) for address in recipients],
        **more,
    )


async def titled(client, folder, subject):
    """Returns the messages of a folder that have this subject."""
    query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
        filter=f"subject eq '{subject}'"
    )
    messages = client.me.mail_folders.by_mail_folder_id(folder).messages
    return (await messages.get(RequestConfiguration(query_parameters=query))).value


async def send(client):
    own = FACTS["userPrincipalName"]
    attachment = FileAttachment(
        odata_type="#microsoft.graph.fileAttachment", name="bytes.bin", content_bytes=BYTES
    )
    await client.me.send_mail.post(
        SendMailPostRequestBody(
            message=message("Sent at once", own, attachments=[attachment]),
            save_to_sent_items=True,
        )
    )
    [sent] = await titled(client, "sentitems", "Sent at once")
    assert sent.has_attachments and not sent.is_draft
    assert sent.from_.email_address.address == own
    files = await client.me.messages.by_message_id(sent.id).attachments.get()
    [file] = files.value
    # The SDK hands out the base64 as it is in JSON.
    found = file.content_bytes
    assert found in (BYTES, base64.b64encode(BYTES)), found[:20]
    assert (type(file), file.name, file.size > 0) == (FileAttachment, "bytes.bin", True)

    draft = await client.me.messages.post(message("A draft", "bruno@contoso.com"))
    assert draft.is_draft and draft.id and draft.conversation_id
    one = client.me.messages.by_message_id(draft.id)
    await one.attachments.post(
        FileAttachment(
            odata_type="#microsoft.graph.fileAttachment", name="note.txt", content_bytes=b"note"
        )
    )
    await one.patch(Message(subject="A better draft"))
    await one.send.post()
    [sent] = await titled(client, "sentitems", "A better draft")
    assert sent.has_attachments and not sent.is_draft
    assert await titled(client, "drafts", "A better draft") == []


async def reply(client):
    [received] = await titled(client, "inbox", "Sent at once")
    one = client.me.messages.by_message_id(received.id)
    await one.reply.post(ReplyPostRequestBody(comment="Thank you"))
    [sent] = await titled(client, "sentitems", "RE: Sent at once")
    assert sent.conversation_id == received.conversation_id
    assert "Thank you" in sent.body.content
    draft = await one.create_reply.post(CreateReplyPostRequestBody(comment="Later"))
    assert draft.is_draft and draft.subject == "RE: Sent at once"
    assert [person.email_address.address for person in draft.to_recipients] == [FACTS["userPrincipalName"]]
    await client.me.messages.by_message_id(draft.id).delete()


async def mime(client):
    [sent] = await titled(client, "sentitems", "Sent at once")
    content = await client.me.messages.by_message_id(sent.id).content.get()
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert parsed["Subject"] == "Sent at once", content[:200]
    assert FACTS["userPrincipalName"] in parsed["From"] and FACTS["userPrincipalName"] in parsed["To"]
    [file] = parsed.iter_attachments()
    assert file.get_filename() == "bytes.bin" and file.get_content() == BYTES


async def folders(client):
    folder = await client.me.mail_folders.post(MailFolder(display_name="Projects"))
    draft = await client.me.messages.post(message("To be moved", "bruno@contoso.com"))
    moved = await client.me.messages.by_message_id(draft.id).move.post(
        MovePostRequestBody(destination_id=folder.id)
    )
    assert moved.parent_folder_id == folder.id and moved.id != draft.id
    counted = await client.me.mail_folders.by_mail_folder_id(folder.id).get()
    assert counted.total_item_count == 1
    try:
        await client.me.messages.by_message_id("nope").get()
        raise AssertionError("an invalid id is accepted")
    except ODataError as error:
        assert error.error.code == "ErrorInvalidIdMalformed", error.error.code
        assert error.response_status_code == 400


async def main():
    client = graph_client(user_credential())
    for check in (send, reply, mime, folders):
        print(check.__name__, flush=True)
        await check(client)


asyncio.run(main())
