// Reads and changes the directory by the JavaScript client: paging, queries, delta, batch, errors.

import assert from "node:assert/strict";
import {
  BatchRequestContent,
  BatchResponseContent,
  PageIterator,
} from "@microsoft/microsoft-graph-client";
import { FACTS, graphClient, refused, secretCredential } from "./common.mjs";

const client = graphClient(secretCredential());

const page = await client.api("/users").top(2).select(["id", "displayName"]).get();
assert.equal(page.value.length, 2);
const names = [];
const iterator = new PageIterator(client, page, (user) => {
  names.push(user.displayName);
  return true;
});
await iterator.iterate();
assert.ok(names.length > 4 && names.includes("Adele Brandt"), names);
assert.equal(new Set(names).size, names.length);

const filtered = await client.api("/users").filter("startswith(displayName,'Adele')").get();
assert.deepEqual(filtered.value.map((user) => user.mail), [FACTS.userPrincipalName]);
const search = client.api("/users").search('"displayName:Brandt"').count(true);
const counted = await search.header("ConsistencyLevel", "eventual").get();
assert.equal(counted["@odata.count"], 1);
const plain = client.api("/users").search('"displayName:Brandt"');
await refused(plain.get(), 400, "Request_UnsupportedQuery");
await refused(client.api("/users/nobody@contoso.com").get(), 404, "Request_ResourceNotFound");

let delta = await client.api("/groups/delta").get();
while (delta["@odata.nextLink"]) {
  delta = await client.api(delta["@odata.nextLink"]).get();
}
const group = await client.api("/groups").post({
  displayName: "Readers",
  mailNickname: "readers",
  mailEnabled: false,
  securityEnabled: true,
});
assert.match(group.id, /^[0-9a-f-]{36}$/);
await client.api(`/groups/${group.id}`).patch({ description: "They read" });
assert.equal((await client.api(`/groups/${group.id}`).get()).description, "They read");
const adele = await client.api(`/users/${FACTS.userPrincipalName}`).get();
await client.api(`/groups/${group.id}/members/$ref`).post({
  "@odata.id": `${FACTS.graphUrl}/directoryObjects/${adele.id}`,
});
const members = await client.api(`/groups/${group.id}/members`).get();
assert.deepEqual(members.value.map((member) => member.id), [adele.id]);
const changed = await client.api(delta["@odata.deltaLink"]).get();
assert.deepEqual(changed.value.map((item) => item.description), ["They read"]);

// The client takes the URL of a part from its path, which has no version in a batch.
const request = (url) => new Request(`${FACTS.loginUrl}${url}`, { method: "GET" });
const batch = new BatchRequestContent([
  { id: "adele", request: request(`/users/${FACTS.userPrincipalName}`) },
  { id: "nobody", request: request("/users/nobody@contoso.com") },
]);
const answers = new BatchResponseContent(
  await client.api("/$batch").post(await batch.getContent()),
);
const found = answers.getResponseById("adele");
assert.equal(found.status, 200);
assert.equal((await found.json()).displayName, "Adele Brandt");
assert.equal(answers.getResponseById("nobody").status, 404);

await client.api(`/groups/${group.id}`).delete();
await refused(client.api(`/groups/${group.id}`).get(), 404, "Request_ResourceNotFound");
