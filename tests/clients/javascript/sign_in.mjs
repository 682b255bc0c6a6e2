// Signs in by each way that @azure/identity and MSAL have.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ClientCertificateCredential,
  ClientSecretCredential,
  DeviceCodeCredential,
  OnBehalfOfCredential,
} from "@azure/identity";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { FACTS, PLACE, READ, SCOPE, secretCredential, settings } from "./common.mjs";

async function call(token, path) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(FACTS.graphUrl + path, { headers });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

async function isApp(token) {
  assert.equal((await call(token, "/users?$top=2")).value.length, 2);
}

async function isUser(token) {
  assert.equal((await call(token, "/me")).userPrincipalName, FACTS.userPrincipalName);
}

function approve(code) {
  console.log(`approve ${code}`);
}

async function secret() {
  await isApp((await secretCredential().getToken(SCOPE)).token);
  const application = new ConfidentialClientApplication(
    settings({ clientId: FACTS.clientId, clientSecret: FACTS.clientSecret }),
  );
  const tokens = await application.acquireTokenByClientCredential({ scopes: [SCOPE] });
  await isApp(tokens.accessToken);
  const again = await application.acquireTokenByClientCredential({ scopes: [SCOPE] });
  assert.equal(again.fromCache, true);
}

async function certificate() {
  const parts = [FACTS.clientKey, FACTS.clientCertificate].map((file) => readFile(file, "utf8"));
  const file = join(FACTS.folder, "client.pem");
  await writeFile(file, (await Promise.all(parts)).join("\n"));
  const credential = new ClientCertificateCredential(
    FACTS.tenantId,
    FACTS.clientId,
    { certificatePath: file },
    { ...PLACE, sendCertificateChain: true },
  );
  await isApp((await credential.getToken(SCOPE)).token);
}

async function deviceCode() {
  const credential = new DeviceCodeCredential({
    ...PLACE,
    tenantId: FACTS.tenantId,
    clientId: FACTS.publicClientId,
    userPromptCallback: ({ userCode }) => approve(userCode),
  });
  await isUser((await credential.getToken(READ)).token);
  const application = new PublicClientApplication(settings({ clientId: FACTS.publicClientId }));
  const tokens = await application.acquireTokenByDeviceCode({
    scopes: [READ],
    deviceCodeCallback: ({ userCode }) => approve(userCode),
  });
  await isUser(tokens.accessToken);
  assert.equal(tokens.account.username, FACTS.userPrincipalName);
  const silent = await application.acquireTokenSilent({
    account: tokens.account,
    scopes: [READ],
    forceRefresh: true,
  });
  assert.notEqual(silent.accessToken, tokens.accessToken);
  await isUser(silent.accessToken);
}

async function onBehalfOf() {
  const application = new PublicClientApplication(settings({ clientId: FACTS.publicClientId }));
  const tokens = await application.acquireTokenByDeviceCode({
    scopes: [`api://${FACTS.clientId}/access_as_user`],
    deviceCodeCallback: ({ userCode }) => approve(userCode),
  });
  const credential = new OnBehalfOfCredential({
    ...PLACE,
    tenantId: FACTS.tenantId,
    clientId: FACTS.clientId,
    clientSecret: FACTS.clientSecret,
    userAssertionToken: tokens.accessToken,
  });
  await isUser((await credential.getToken(READ)).token);
}

// A browser without a window, in which the user is signed in. Returns the address that it is sent
// back to.
async function browser(url) {
  const answer = await fetch(url, { redirect: "manual" });
  return new URL(answer.headers.get("location"));
}

// A browser that submits the form of a page, as the page's script does.
async function submit(url) {
  const page = await (await fetch(url)).text();
  const [, action] = page.match(/action="([^"]*)"/);
  const inputs = page.matchAll(/name="([^"]*)" value="([^"]*)"/g);
  const fields = [...inputs].map(([, name, value]) => [name, value]);
  await fetch(action, { method: "POST", body: new URLSearchParams(fields) });
}

async function code() {
  const redirectUri = "http://localhost:3000/signed-in";
  const application = new ConfidentialClientApplication(
    settings({ clientId: FACTS.clientId, clientSecret: FACTS.clientSecret }),
  );
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: [READ], redirectUri };
  const page = await application.getAuthCodeUrl({
    ...request,
    state: "a state",
    responseMode: "query",
    codeChallenge: challenge,
    codeChallengeMethod: "S256",
  });
  const back = await browser(page);
  assert.equal(back.searchParams.get("state"), "a state");
  const code = back.searchParams.get("code");
  const tokens = await application.acquireTokenByCode({ ...request, code, codeVerifier: verifier });
  await isUser(tokens.accessToken);
  assert.equal(tokens.idTokenClaims.preferred_username, FACTS.userPrincipalName);
}

async function interactive() {
  const application = new PublicClientApplication(settings({ clientId: FACTS.publicClientId }));
  const tokens = await application.acquireTokenInteractive({
    scopes: [READ],
    openBrowser: submit,
  });
  await isUser(tokens.accessToken);
}

async function refusals() {
  const wrong = new ClientSecretCredential(FACTS.tenantId, FACTS.clientId, "wrong", PLACE);
  await assert.rejects(wrong.getToken(SCOPE), /AADSTS7000215/);
  const unknown = new ClientSecretCredential("fabrikam.com", FACTS.clientId, "wrong", PLACE);
  await assert.rejects(unknown.getToken(SCOPE));
}

for (const check of [secret, certificate, deviceCode, onBehalfOf, code, interactive, refusals]) {
  console.log(check.name);
  await check();
}
