// Works with a drive by the JavaScript client: files, large uploads, paths, copies, delta.

import assert from "node:assert/strict";
import {
  FileUpload,
  OneDriveLargeFileUploadTask,
  ResponseType,
} from "@microsoft/microsoft-graph-client";
import { graphClient, READ, refused, RefreshedUser } from "./common.mjs";

const client = graphClient(new RefreshedUser(), READ);

const put = await client.api("/me/drive/root:/Clients/hello.txt:/content").put("héllo");
assert.deepEqual([put.name, put.size], ["hello.txt", 6]);
const content = client.api(`/me/drive/items/${put.id}/content`).responseType(ResponseType.TEXT);
assert.equal(await content.get(), "héllo");
await refused(client.api("/me/drive/root:/Clients/none.txt").get(), 404, "itemNotFound");

const bytes = new Uint8Array(1_000_000).map((_, at) => (at * at) % 251);
const file = new FileUpload(bytes.buffer, "large.bin", bytes.length);
const task = await OneDriveLargeFileUploadTask.createTaskWithFileObject(client, file, {
  path: "/Clients",
  fileName: "large.bin",
  rangeSize: 320 * 1024,
});
const { responseBody: large } = await task.upload();
assert.deepEqual([large.name, large.size], ["large.bin", bytes.length]);
const all = client.api(`/me/drive/items/${large.id}/content`).responseType(ResponseType.ARRAYBUFFER);
assert.deepEqual(new Uint8Array(await all.get()), bytes);
const children = await client.api("/me/drive/root:/Clients:/children").get();
assert.deepEqual(children.value.map((item) => item.name).sort(), ["hello.txt", "large.bin"]);

const root = await client.api("/me/drive/root").get();
const started = await client
  .api(`/me/drive/items/${large.id}/copy`)
  .responseType(ResponseType.RAW)
  .post({ name: "copy.bin", parentReference: { driveId: root.parentReference.driveId, id: root.id } });
assert.equal(started.status, 202);
const monitor = started.headers.get("location");
let status;
do {
  status = await (await fetch(monitor)).json();
} while (["notStarted", "inProgress"].includes(status.status));
assert.equal(status.status, "completed");
const copy = await client.api(`/me/drive/items/${status.resourceId}`).get();
assert.deepEqual([copy.name, copy.size], ["copy.bin", bytes.length]);

let delta = await client.api("/me/drive/root/delta").get();
while (delta["@odata.nextLink"]) {
  delta = await client.api(delta["@odata.nextLink"]).get();
}
await client.api(`/me/drive/items/${put.id}`).delete();
const changed = await client.api(delta["@odata.deltaLink"]).get();
const gone = changed.value.filter((item) => item.deleted);
assert.deepEqual(gone.map((item) => item.id), [put.id]);
