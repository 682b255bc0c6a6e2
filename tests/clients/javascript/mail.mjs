// Works with a mailbox by the JavaScript client: sending, replies, attachments, MIME, folders.

import assert from "node:assert/strict";
import {
  FileUpload,
  LargeFileUploadTask,
  ResponseType,
} from "@microsoft/microsoft-graph-client";
import { FACTS, graphClient, READ, refused, RefreshedUser } from "./common.mjs";

const client = graphClient(new RefreshedUser(), READ);

async function titled(folder, subject) {
  const messages = client.api(`/me/mailFolders/${folder}/messages`);
  return (await messages.filter(`subject eq '${subject}'`).get()).value;
}

await client.api("/me/sendMail").post({
  message: {
    subject: "From JavaScript",
    body: { contentType: "Text", content: "Hello" },
    toRecipients: [{ emailAddress: { address: FACTS.userPrincipalName } }],
  },
  saveToSentItems: "true",
});
const [sent] = await titled("sentitems", "From JavaScript");
assert.equal(sent.isDraft, false);
const [received] = await titled("inbox", "From JavaScript");
await client.api(`/me/messages/${received.id}/reply`).post({ comment: "Thanks" });
const [answer] = await titled("sentitems", "RE: From JavaScript");
assert.equal(answer.conversationId, received.conversationId);

const mime = client.api(`/me/messages/${sent.id}/$value`).responseType(ResponseType.TEXT);
assert.match(await mime.get(), /^Subject: From JavaScript\r?$/m);

const draft = await client.api("/me/messages").post({ subject: "With a file" });
const bytes = new Uint8Array(3_500_000).fill(7);
const session = await LargeFileUploadTask.createUploadSession(
  client,
  `/me/messages/${draft.id}/attachments/createUploadSession`,
  { AttachmentItem: { attachmentType: "file", name: "big.bin", size: bytes.length } },
);
const file = new FileUpload(bytes.buffer, "big.bin", bytes.length);
await new LargeFileUploadTask(client, file, session, { rangeSize: 320 * 1024 * 5 }).upload();
const { value: files } = await client.api(`/me/messages/${draft.id}/attachments`).get();
assert.deepEqual(files.map((each) => each.name), ["big.bin"]);
assert.equal(Buffer.from(files[0].contentBytes, "base64").compare(bytes), 0);

const folder = await client.api("/me/mailFolders").post({ displayName: "Of JavaScript" });
const moved = await client
  .api(`/me/messages/${draft.id}/move`)
  .post({ destinationId: folder.id });
assert.equal(moved.parentFolderId, folder.id);
assert.equal((await client.api(`/me/mailFolders/${folder.id}`).get()).totalItemCount, 1);
await refused(client.api("/me/messages/nope").get(), 400, "ErrorInvalidIdMalformed");
