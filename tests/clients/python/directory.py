"""Reads and changes the directory by the SDK: paging, queries, members, delta, errors."""

import asyncio

from common import all_pages, graph_client
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.group import Group
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


def configured(advanced=False, **query):
    configuration = RequestConfiguration(query_parameters=Query(**query))
    if advanced:
        configuration.headers.add("ConsistencyLevel", "eventual")
    return configuration


async def refused(call, status, code):
    try:
        await call
        raise AssertionError(f"no {code}")
    except ODataError as error:
        found = (error.response_status_code, error.error.code)
        assert found == (status, code), (found, error.error.message)
        assert error.error.inner_error.request_id


async def users(client):
    page = await client.users.get(configured(top=2, select=["id", "displayName"]))
    assert len(page.value) == 2 and page.odata_next_link
    everyone = await all_pages(page, client.users)
    names = [user.display_name for user in everyone]
    assert "Adele Brandt" in names and len(names) == len(set(names)) > 4, names
    assert all(user.mail is None for user in everyone)

    iterated = []
    page = await client.users.get(configured(top=3))
    iterator = PageIterator(page, client.request_adapter)
    await iterator.iterate(lambda user: iterated.append(user.display_name) or True)
    assert sorted(iterated) == sorted(names)

    found = await client.users.get(configured(filter="startswith(displayName,'Adele')"))
    assert [user.display_name for user in found.value] == ["Adele Brandt"]
    counted = await client.users.get(
        configured(
            advanced=True,
            count=True,
            search='"displayName:Brandt"',
            orderby=["displayName"],
        )
    )
    assert counted.odata_count == 1 and counted.value[0].display_name == "Adele Brandt"
    await refused(
        client.users.get(configured(search='"displayName:Brandt"')),
        400,
        "Request_UnsupportedQuery",
    )
    await refused(client.users.by_user_id("nobody@contoso.com").get(), 404, "Request_ResourceNotFound")
    total = await client.users.count.get(advanced())
    assert total == len(names), total


def advanced():
    configuration = RequestConfiguration()
    configuration.headers.add("ConsistencyLevel", "eventual")
    return configuration


async def changes(client):
    page = await client.users.delta.get()
    while page.odata_next_link:
        page = await client.users.delta.with_url(page.odata_next_link).get()
    link = page.odata_delta_link
    assert link

    new = await client.users.post(
        User(
            account_enabled=True,
            display_name="Zoë Ümlaut",
            mail_nickname="zoe",
            user_principal_name="zoe@contoso.com",
            password_profile=PasswordProfile(password="not-A-real-1"),
        )
    )
    assert new.id and new.display_name == "Zoë Ümlaut"
    await client.users.by_user_id(new.id).patch(User(job_title="Engineer"))
    again = await client.users.by_user_id("zoe@contoso.com").get(
        RequestConfiguration(query_parameters=Query(select=["jobTitle"]))
    )
    assert again.job_title == "Engineer" and again.display_name is None
    await refused(
        client.users.post(
            User(
                account_enabled=True,
                display_name="Again",
                mail_nickname="zoe",
                user_principal_name="zoe@contoso.com",
                password_profile=PasswordProfile(password="not-A-real-1"),
            )
        ),
        400,
        "Request_BadRequest",
    )
    page = await client.users.delta.with_url(link).get()
    assert [(user.id, user.job_title) for user in page.value] == [(new.id, "Engineer")]
    link = page.odata_delta_link

    group = await client.groups.post(
        Group(
            display_name="Engineers",
            mail_nickname="engineers",
            mail_enabled=False,
            security_enabled=True,
        )
    )
    root = client.request_adapter.base_url.rstrip("/")
    members = client.groups.by_group_id(group.id).members
    await members.ref.post(ReferenceCreate(odata_id=f"{root}/directoryObjects/{new.id}"))
    page = await members.get()
    assert [(type(member), member.id) for member in page.value] == [(User, new.id)]
    belongs = await client.users.by_user_id(new.id).member_of.get()
    assert [(type(place), place.display_name) for place in belongs.value] == [(Group, "Engineers")]
    await members.by_directory_object_id(new.id).ref.delete()
    assert (await members.get()).value == []

    await client.users.by_user_id(new.id).delete()
    await refused(client.users.by_user_id(new.id).get(), 404, "Request_ResourceNotFound")
    page = await client.users.delta.with_url(link).get()
    removed = [user.additional_data.get("@removed") for user in page.value]
    assert [user.id for user in page.value] == [new.id] and removed[0], removed
    deleted = await client.directory.deleted_items.graph_user.get()
    assert new.id in [user.id for user in deleted.value]


async def main():
    client = graph_client()
    await users(client)
    await changes(client)


asyncio.run(main())
