// The parts that all scripts share: the facts about the simulator, and a client of it.

import assert from "node:assert/strict";
import { ClientSecretCredential } from "@azure/identity";
import { PublicClientApplication } from "@azure/msal-node";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

export const FACTS = JSON.parse(process.env.SIMULATOR);
export const SCOPE = "https://graph.microsoft.com/.default";
export const READ = "https://graph.microsoft.com/User.Read";
export const AUTHORITY = `${FACTS.loginUrl}/${FACTS.tenantId}`;

// The place at which credentials of `@azure/identity` sign in.
export const PLACE = { authorityHost: FACTS.loginUrl, disableInstanceDiscovery: true };

// Settings of MSAL for a client at the simulator.
export function settings(auth) {
  const knownAuthorities = [new URL(FACTS.loginUrl).host];
  return { auth: { authority: AUTHORITY, knownAuthorities, ...auth } };
}

export function secretCredential() {
  return new ClientSecretCredential(FACTS.tenantId, FACTS.clientId, FACTS.clientSecret, PLACE);
}

// A credential of the user, from the refresh token.
export class RefreshedUser {
  async getToken() {
    const application = new PublicClientApplication(settings({ clientId: FACTS.publicClientId }));
    const tokens = await application.acquireTokenByRefreshToken({
      refreshToken: FACTS.publicRefreshToken,
      scopes: [READ],
    });
    return { token: tokens.accessToken, expiresOnTimestamp: tokens.expiresOn.getTime() };
  }
}

// Returns a client, made as Microsoft's documentation says.
export function graphClient(credential, scope = SCOPE) {
  const authProvider = new TokenCredentialAuthenticationProvider(credential, { scopes: [scope] });
  return Client.initWithMiddleware({
    authProvider,
    baseUrl: FACTS.loginUrl,
    customHosts: new Set([new URL(FACTS.loginUrl).hostname]),
  });
}

// Checks that a call is refused.
export async function refused(call, statusCode, code) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.statusCode, error.code], [statusCode, code], error.message);
    return true;
  });
}
