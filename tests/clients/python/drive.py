"""Works with a drive by the SDK: files, large uploads, paths, copies, delta."""

import asyncio
import hashlib

import httpx
from common import graph_client, user_credential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import HeadersInspectionHandlerOption
from msgraph.generated.drives.item.items.item.copy.copy_post_request_body import (
    CopyPostRequestBody,
)
from msgraph.generated.drives.item.items.item.create_upload_session.create_upload_session_post_request_body import (  # noqa: E501
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.models.drive_item import DriveItem
from msgraph.generated.models.drive_item_uploadable_properties import (
    DriveItemUploadableProperties,
)
from msgraph.generated.models.folder import Folder
from msgraph.generated.models.item_reference import ItemReference
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

LARGE = hashlib.sha256(b"large").digest() * 40_000
SLICE = 320 * 1024


async def files(client, drive):
    items = client.drives.by_drive_id(drive).items
    folder = await items.by_drive_item_id("root").children.post(
        DriveItem(
            name="Clients",
            folder=Folder(),
            additional_data={"@microsoft.graph.conflictBehavior": "fail"},
        )
    )
    assert folder.folder is not None and folder.file is None
    by_path = items.by_drive_item_id("root:/Clients/hello world.txt:")
    put = await by_path.content.put("héllo".encode())
    assert (put.name, put.size) == ("hello world.txt", 6)
    assert await by_path.content.get() == "héllo".encode()
    children = await items.by_drive_item_id(folder.id).children.get()
    assert [child.name for child in children.value] == ["hello world.txt"]
    found = await items.by_drive_item_id("root:/Clients:").get()
    assert (found.id, found.folder.child_count) == (folder.id, 1)
    renamed = await items.by_drive_item_id(put.id).patch(DriveItem(name="bye.txt"))
    assert (renamed.id, renamed.name) == (put.id, "bye.txt")
    assert await items.by_drive_item_id(put.id).content.get() == "héllo".encode()
    # Folders on the way are created.
    deep = await items.by_drive_item_id("root:/New/Deep/file.bin:").content.put(b"\x00\xff")
    assert deep.size == 2
    assert (await items.by_drive_item_id("root:/New/Deep:").get()).folder.child_count == 1
    try:
        await items.by_drive_item_id("root:/Clients/none.txt:").get()
        raise AssertionError("a missing file is found")
    except ODataError as error:
        assert (error.response_status_code, error.error.code) == (404, "itemNotFound")
    return folder, put


async def large(client, drive, folder):
    items = client.drives.by_drive_id(drive).items
    body = CreateUploadSessionPostRequestBody(item=DriveItemUploadableProperties())
    body.item.additional_data["@microsoft.graph.conflictBehavior"] = "replace"
    session = await items.by_drive_item_id(
        "root:/Clients/large.bin:"
    ).create_upload_session.post(body)
    assert session.next_expected_ranges == ["0-"]
    # The SDK's own task sends the last slice twice, which the service refuses:
    # https://github.com/microsoftgraph/msgraph-sdk-python-core/issues/718
    async with httpx.AsyncClient() as plain:
        for start in range(0, len(LARGE), SLICE):
            part = LARGE[start : start + SLICE]
            end = start + len(part) - 1
            answer = await plain.put(
                session.upload_url,
                content=part,
                headers={"Content-Range": f"bytes {start}-{end}/{len(LARGE)}"},
            )
            if end + 1 < len(LARGE):
                assert answer.status_code == 202, answer.text
                expected = [f"{end + 1}-{len(LARGE) - 1}"]
                assert answer.json()["nextExpectedRanges"] == expected
    assert answer.status_code == 201, answer.text
    item = await items.by_drive_item_id(answer.json()["id"]).get()
    assert (item.name, item.size) == ("large.bin", len(LARGE)), item
    assert await items.by_drive_item_id(item.id).content.get() == LARGE
    children = await items.by_drive_item_id(folder.id).children.get()
    assert sorted(child.name for child in children.value) == ["bye.txt", "large.bin"]
    return item


async def copy(client, drive, item):
    items = client.drives.by_drive_id(drive).items
    root = await items.by_drive_item_id("root").get()
    headers = HeadersInspectionHandlerOption(inspect_response_headers=True)
    await items.by_drive_item_id(item.id).copy.post(
        CopyPostRequestBody(
            name="copy.bin", parent_reference=ItemReference(drive_id=drive, id=root.id)
        ),
        request_configuration=RequestConfiguration(options=[headers]),
    )
    [monitor] = headers.response_headers.get("location")
    async with httpx.AsyncClient() as plain:
        while True:
            status = (await plain.get(monitor)).json()
            if status["status"] == "completed":
                break
            assert status["status"] in ("notStarted", "inProgress"), status
    copied = await items.by_drive_item_id(status["resourceId"]).get()
    assert (copied.name, copied.size) == ("copy.bin", len(LARGE))
    assert copied.id != item.id


async def delta(client, drive, removed):
    items = client.drives.by_drive_id(drive).items
    changes = items.by_drive_item_id("root").delta
    page = await changes.get()
    seen = list(page.value)
    while page.odata_next_link:
        page = await changes.with_url(page.odata_next_link).get()
        seen.extend(page.value)
    assert {"copy.bin", "large.bin", "bye.txt"} <= {item.name for item in seen}
    await items.by_drive_item_id(removed.id).delete()
    page = await changes.with_url(page.odata_delta_link).get()
    gone = [item.id for item in page.value if item.deleted is not None]
    assert gone == [removed.id], page.value


async def main():
    client = graph_client(user_credential())
    drive = (await client.me.drive.get()).id
    folder, small = await files(client, drive)
    item = await large(client, drive, folder)
    await copy(client, drive, item)
    await delta(client, drive, small)


asyncio.run(main())
