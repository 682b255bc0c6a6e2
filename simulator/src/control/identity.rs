//! The control of the identity platform: credentials, tokens, and obstacles to signing in.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fields::{Fields, Problem, Required};
use super::{Call, Route};
use crate::simulator::Simulator;

pub(super) const ROUTES: &[Route] = &[
    Route::get(
        "/credentials",
        "",
        "Returns the addresses, and the credentials that the simulator accepts.",
        |simulator, _| {
            let who = simulator.credentials();
            Ok(json!({
                "graphUrl": simulator.url(), "loginUrl": simulator.login_url(),
                "storageUrl": simulator.storage_url(), "proxyUrl": simulator.proxy_url(),
                "certificate": simulator.certificate(),
                "tenantId": who.tenant_id, "domain": who.domain,
                "clientId": who.client_id, "clientSecret": who.client_secret,
                "publicClientId": who.public_client_id,
                "refreshToken": who.refresh_token,
                "publicRefreshToken": who.public_refresh_token,
                "userId": who.user_id, "userPrincipalName": who.user_principal_name,
                "identityHeader": simulator.identity_header(),
            }))
        },
    ),
    Route::post(
        "/tokens/app",
        "",
        "Returns an access token of the application.",
        |simulator, _| Ok(json!({ "token": simulator.app_token() })),
    ),
    Route::post(
        "/tokens/user",
        "",
        "Returns an access token of the user who signs in.",
        |simulator, _| Ok(json!({ "token": simulator.user_token() })),
    ),
    Route::post(
        "/tokens/incoming",
        "`user`",
        "Returns a token with which a user calls the confidential client, or an application if no \
         user is named.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let user = known_user(simulator, &mut fields, "user")?;
            fields.finish()?;
            Ok(json!({ "token": match user {
                Some(user) => simulator.incoming_token(&user),
                None => simulator.incoming_app_token(),
            } }))
        },
    ),
    Route::post(
        "/tokens/federated",
        "`subject`",
        "Returns a token of another issuer for a subject.",
        |simulator, call| {
            let subject = call.only_text("subject")?;
            Ok(json!({ "token": simulator.federated_token(&subject) }))
        },
    ),
    Route::post(
        "/tokens/expire",
        "",
        "Lets all access tokens expire.",
        |simulator, _| {
            simulator.expire_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/tokens/revoke",
        "",
        "Revokes all access tokens.",
        |simulator, _| {
            simulator.revoke_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/refresh-tokens/expire",
        "",
        "Lets all refresh tokens expire.",
        |simulator, _| {
            simulator.expire_refresh_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/refresh-tokens/revoke",
        "",
        "Revokes all refresh tokens.",
        |simulator, _| {
            simulator.revoke_refresh_tokens();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/users/revoke",
        "`user`",
        "Ends all grants of a user.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let user = named_user(simulator, &mut fields)?;
            fields.finish()?;
            simulator.revoke_user(&user);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/users/require-claims",
        "`user`, `claims`, `code`",
        "Applies a policy of Conditional Access to a user.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let user = named_user(simulator, &mut fields)?;
            let claims = Ok(fields.value("claims")).required("claims")?;
            let code = fields.small("code")?.unwrap_or(50_076);
            fields.finish()?;
            simulator.require_claims(&user, claims, code);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/certificates",
        "`base64` or `pem`",
        "Trusts a certificate of the client.",
        trust,
    ),
    Route::post(
        "/federated-subjects",
        "`subject`",
        "Trusts another issuer's tokens for a subject.",
        |simulator, call| {
            simulator.federate(&call.only_text("subject")?);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/redirect-uris",
        "`uri`",
        "Registers an address that browsers may be sent back to.",
        |simulator, call| {
            simulator.redirect_uri(&call.only_text("uri")?);
            Ok(Value::Null)
        },
    ),
    Route::get(
        "/devices",
        "",
        "Returns the codes of the devices that wait.",
        |simulator, _| Ok(json!({ "value": simulator.waiting_devices() })),
    ),
    Route::post(
        "/devices/approve",
        "`userCode`",
        "Enters a device's code.",
        |simulator, call| device(call, |code| simulator.approve_device(code)),
    ),
    Route::post(
        "/devices/decline",
        "`userCode`",
        "Declines a device's code.",
        |simulator, call| device(call, |code| simulator.decline_device(code)),
    ),
    Route::post(
        "/authorization/refuse",
        "`error`, `code`, `description`",
        "Ends the next visit of a browser with an error.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let error = fields.text("error").required("error")?;
            let code = fields.small("code").required("code")?;
            let description = fields.text("description")?.unwrap_or_default();
            fields.finish()?;
            simulator.refuse_authorization(&error, code, &description);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/consent/withdraw",
        "",
        "Withdraws all consent.",
        |simulator, _| {
            simulator.withdraw_consent();
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/managed-identities",
        "`clientId`, `objectId`, `resourceId`",
        "Assigns another managed identity to the machine.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let client = fields.text("clientId").required("clientId")?;
            let object = fields.text("objectId").required("objectId")?;
            let resource = fields.text("resourceId").required("resourceId")?;
            fields.finish()?;
            simulator.managed_identity(&client, &object, &resource);
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/arc-key-file",
        "`path`",
        "Sets the file that Azure Arc's challenge names.",
        |simulator, call| {
            simulator.arc_key_file(Path::new(&call.only_text("path")?));
            Ok(Value::Null)
        },
    ),
    Route::post(
        "/tenants",
        "`id`, `domain`",
        "Adds a tenant.",
        |simulator, call| {
            let mut fields = call.fields()?;
            let id = fields.text("id").required("id")?;
            let domain = fields.text("domain").required("domain")?;
            fields.finish()?;
            simulator.add_tenant(&id, &domain);
            Ok(Value::Null)
        },
    ),
];

/// Takes a user, if the field is there.
fn known_user(
    simulator: &Simulator,
    fields: &mut Fields,
    name: &str,
) -> Result<Option<String>, Problem> {
    match fields.text(name)? {
        Some(user) if !simulator.has_user(&user) => {
            let message = format!("the tenant has no user `{user}`");
            Err(Problem::not_found(name, message))
        }
        user => Ok(user),
    }
}

fn named_user(simulator: &Simulator, fields: &mut Fields) -> Result<String, Problem> {
    known_user(simulator, fields, "user").required("user")
}

/// Takes the user who is signed in at the browser. Null is a browser without a user.
pub(super) fn browser_user(
    simulator: &Simulator,
    fields: &mut Fields,
) -> Result<Option<Option<String>>, Problem> {
    if fields.is_null("browserUser") {
        return Ok(Some(None));
    }
    Ok(known_user(simulator, fields, "browserUser")?.map(Some))
}

fn device(call: &Call<'_>, enter: impl FnOnce(&str) -> bool) -> Result<Value, Problem> {
    let code = call.only_text("userCode")?;
    match enter(&code) {
        true => Ok(Value::Null),
        false => Err(Problem::not_found(
            "userCode",
            "no device waits with this code",
        )),
    }
}

fn trust(simulator: &Simulator, call: &Call<'_>) -> Result<Value, Problem> {
    let mut fields = call.fields()?;
    let (field, der) = match fields.text("pem")? {
        Some(pem) => ("pem", decoded(&pem)?),
        None => (
            "base64",
            fields.base64("base64").required("base64")?.to_vec(),
        ),
    };
    fields.finish()?;
    let trusted = simulator.try_trust_certificate(&der);
    trusted.map_err(|reason| Problem::field(field, reason))?;
    Ok(Value::Null)
}

/// Returns the first certificate of a PEM text.
fn decoded(pem: &str) -> Result<Vec<u8>, Problem> {
    let wrong = || Problem::field("pem", "the text has no certificate");
    let (_, rest) = pem
        .split_once("-----BEGIN CERTIFICATE-----")
        .ok_or_else(wrong)?;
    let (body, _) = rest
        .split_once("-----END CERTIFICATE-----")
        .ok_or_else(wrong)?;
    let body: String = body.split_whitespace().collect();
    STANDARD
        .decode(body)
        .map_err(|error| Problem::field("pem", error.to_string()))
}
