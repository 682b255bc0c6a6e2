"""Works by the library O365, whose hosts are fixed, so the simulator's proxy serves them."""

from O365 import Account

from common import FACTS


def main():
    account = Account(
        (FACTS["clientId"], FACTS["clientSecret"]),
        auth_flow_type="credentials",
        tenant_id=FACTS["tenantId"],
        main_resource=FACTS["userPrincipalName"],
        token_backend=None,
    )
    assert account.authenticate()
    users = list(account.directory().get_users(limit=3))
    assert len(users) == 3, users
    mailbox = account.mailbox()
    message = mailbox.new_message()
    message.to.add("bruno@contoso.com")
    message.subject = "From O365"
    message.body = "<b>Hello</b>"
    assert message.send()
    query = mailbox.new_query().equals("subject", "From O365")
    sent = list(mailbox.sent_folder().get_messages(query=query))
    assert [item.subject for item in sent] == ["From O365"]
    drive = account.storage().get_default_drive()
    folder = drive.get_root_folder().create_child_folder("From O365")
    file = folder.upload_file(FACTS["clientCertificate"])
    assert [item.name for item in folder.get_items()] == [file.name] == ["leaf.pem"]


main()
