//! The methods with which a test controls the identity platform: users, credentials, and obstacles
//! to signing in.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Simulator;
use crate::core::State;
use crate::identity::{ExpiresOn, SignInError, find_user};
use crate::resource::Caller;
use crate::store::Id;

impl Simulator {
    /// Registers a certificate (DER) of the confidential client. From then on it can sign
    /// assertions.
    ///
    /// # Panics
    /// Panics if it is not an X.509 certificate of an RSA key.
    pub fn trust_certificate(&self, der: &[u8]) {
        if let Err(reason) = self.try_trust_certificate(der) {
            panic!("the certificate cannot be registered: {reason}");
        }
    }

    /// Registers a certificate. `Err` holds the problem with it.
    pub(crate) fn try_trust_certificate(&self, der: &[u8]) -> Result<(), &'static str> {
        self.core.state().identity.assertions.trust(der)
    }

    /// Checks whether the tenant has a user with this id or principal name.
    pub(crate) fn has_user(&self, user: &str) -> bool {
        find_user(&self.core.state().store, user).is_some()
    }

    /// Registers a federated credential of the confidential client. A program that has a
    /// [`federated_token`](Self::federated_token) of this subject signs in with it instead of a
    /// secret.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// let subject = "system:serviceaccount:contoso:mailer";
    /// simulator.federate(subject);
    /// // What is in the file that `AZURE_FEDERATED_TOKEN_FILE` names:
    /// let token = simulator.federated_token(subject);
    /// assert_eq!(token.split('.').count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn federate(&self, subject: &str) {
        let mut state = self.core.state();
        state.identity.federated.push(subject.to_owned());
    }

    /// Returns a token as Kubernetes writes it into the file `AZURE_FEDERATED_TOKEN_FILE`, for one
    /// hour.
    pub fn federated_token(&self, subject: &str) -> String {
        let mut state = self.core.state();
        let now = state.clock.now();
        state.platform(now).federated_token(subject)
    }

    /// Registers an address to which both clients may have browsers sent back. At the start, the
    /// public client has `http://localhost`, with any port and path. The confidential one has
    /// `http://localhost:3000/signed-in`.
    pub fn redirect_uri(&self, uri: &str) {
        self.core.state().identity.add_redirect(uri);
    }

    /// Sets the user who is signed in at the browser, by id or principal name. With `None`, no user
    /// is signed in. At the start it is the user of `/me`.
    ///
    /// # Panics
    /// Panics if the tenant does not have this user.
    pub fn browser_user(&self, user: Option<&str>) {
        let mut state = self.core.state();
        let user = user.map(|user| known(&state, user));
        state.identity.browser = user;
    }

    /// Lets the next visit of a browser (to sign in, or to consent as an administrator) end with an
    /// error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// simulator.refuse_authorization("access_denied", 65_004, "The user declined to consent.");
    /// // … the next browser comes back with `?error=access_denied&error_description=AADSTS65004…`
    /// # Ok(())
    /// # }
    /// ```
    pub fn refuse_authorization(&self, error: &str, code: u32, description: &str) {
        let refusal = SignInError::new(error, code, description);
        self.core.state().identity.refusal = Some(refusal);
    }

    /// Returns the codes that devices show, and that no user has entered or declined yet.
    pub fn waiting_devices(&self) -> Vec<String> {
        let state = self.core.state();
        state.identity.devices.waiting(state.clock.now())
    }

    /// Enters the code that a device shows, as the user of the browser does. If no user is signed
    /// in there, the user of `/me` enters it. Returns `false` if no device waits with this code.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// simulator.browser_user(Some("bruno@contoso.com"));
    /// assert!(!simulator.approve_device("FJC3B5LMP"), "no device shows this code");
    /// # Ok(())
    /// # }
    /// ```
    pub fn approve_device(&self, user_code: &str) -> bool {
        let mut state = self.core.state();
        let now = state.clock.now();
        let user = state.identity.browser.unwrap_or(state.user);
        state.identity.approve_device(user_code, user, now)
    }

    /// Declines the request of a device. Returns `false` if no device waits with this code.
    pub fn decline_device(&self, user_code: &str) -> bool {
        let mut state = self.core.state();
        let now = state.clock.now();
        state.identity.devices.decline(user_code, now)
    }

    /// Sets the time that devices must wait between two polls, for devices that begin from now on.
    /// The default is five seconds. With zero, a device may poll as often as it likes. The time is
    /// that of the simulator's clock ([`advance`](Self::advance)).
    pub fn set_device_interval(&self, interval: Duration) {
        self.core.state().identity.devices.interval = interval;
    }

    /// Responds to the next polls of devices with `slow_down`, however late they come.
    pub fn device_slow_down(&self, times: u32) {
        self.core.state().identity.devices.slow_downs = times;
    }

    /// Ends all grants of a user (by id or principal name), as an administrator does. Refresh
    /// tokens and access tokens end before they expire. Graph's `revokeSignInSessions` does the
    /// same.
    ///
    /// # Panics
    /// Panics if the tenant does not have this user.
    pub fn revoke_user(&self, user: &str) {
        let mut state = self.core.state();
        let user = known(&state, user);
        state.identity.revoke_user(user);
    }

    /// Returns a token with which a user (by id or principal name) calls the confidential client.
    /// Its audience is `api://{client id}`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// let token = simulator.incoming_token("chiara@contoso.com");
    /// // … the service under test is called with it, and calls Graph on her behalf.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Panics if the tenant does not have this user.
    pub fn incoming_token(&self, user: &str) -> String {
        let user = known(&self.core.state(), user);
        self.incoming(Caller::User(user))
    }

    /// Returns a token with which an application calls the confidential client by itself, without a
    /// user.
    pub fn incoming_app_token(&self) -> String {
        self.incoming(Caller::Application)
    }

    fn incoming(&self, caller: Caller) -> String {
        let mut state = self.core.state();
        let now = state.clock.now();
        let client = &self.credentials.public_client_id;
        state.platform(now).incoming_token(client, caller)
    }

    /// Applies a policy of Conditional Access to a user (by id or principal name). Requests with
    /// refresh tokens and on-behalf-of requests then get `interaction_required`, this AADSTS number
    /// and these claims. This ends when the user has signed in with a request that asked for the
    /// claims.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// let claims =
    ///     serde_json::json!({ "access_token": { "acrs": { "essential": true, "value": "c1" } } });
    /// simulator.require_claims("adele@contoso.com", claims, 50_076);
    /// // … her refresh token is answered with `interaction_required`.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// Panics if the tenant does not have this user.
    pub fn require_claims(&self, user: &str, claims: Value, code: u32) {
        let mut state = self.core.state();
        let user = known(&state, user);
        state.identity.require_claims(user, claims, code);
    }

    /// Withdraws all consent. Users' grants then get AADSTS65001 until an administrator has
    /// consented (`/{tenant}/v2.0/adminconsent`), or a user has consented at a prompt
    /// (`prompt=consent`).
    pub fn withdraw_consent(&self) {
        self.core.state().identity.set_consented(false);
    }

    /// Assigns another managed identity to the simulated machine, beside its own. It is found by
    /// its client id, by its object id, or by the id of its resource (`/subscriptions/…`).
    ///
    /// These are its endpoints below [`login_url`](Self::login_url):
    ///
    /// - the metadata service: `/metadata/identity/oauth2/token`
    /// - App Service and Azure Machine Learning: `/msi/token`
    /// - Cloud Shell: `/cloudshell/token`
    /// - Azure Arc: `/arc/metadata/identity/oauth2/token`
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), msgraph_simulator::Error> {
    /// let simulator = msgraph_simulator::Simulator::start().await?;
    /// let id = "aaaaaaaa-0000-4000-8000-000000000001";
    /// let resource = "/subscriptions/1/resourcegroups/2/providers\
    ///     /Microsoft.ManagedIdentity/userAssignedIdentities/a";
    /// simulator.managed_identity(id, "bbbbbbbb-0000-4000-8000-000000000002", resource);
    /// // What a program finds in its environment on App Service:
    /// let (endpoint, header) = (
    ///     format!("{}/msi/token", simulator.login_url()),
    ///     simulator.identity_header(),
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn managed_identity(&self, client_id: &str, object_id: &str, resource_id: &str) {
        let mut state = self.core.state();
        let managed = &mut state.identity.managed;
        managed.assign(client_id, object_id, resource_id);
    }

    /// Returns the value of `IDENTITY_HEADER` on App Service, and of `MSI_SECRET` on Azure Machine
    /// Learning.
    pub fn identity_header(&self) -> String {
        self.core.state().identity.managed.header.clone()
    }

    /// Sets the form in which App Service and Azure Machine Learning send the expiry of a token.
    pub fn set_expires_on(&self, expires_on: ExpiresOn) {
        self.core.state().identity.managed.expires_on = expires_on;
    }

    /// Sets the file that Azure Arc's challenge names. The simulator then expects its content, byte
    /// for byte.
    pub fn arc_key_file(&self, path: &Path) {
        self.core.state().identity.managed.key_file = Some(path.to_owned());
    }

    /// Adds a tenant that both clients may sign in to. Graph shows the same content there as in the
    /// first one.
    pub fn add_tenant(&self, id: &str, domain: &str) {
        self.core.state().identity.add_tenant(id, domain);
    }
}

/// Returns the user that a test names.
fn known(state: &State, user: &str) -> Id {
    match find_user(&state.store, user) {
        Some(id) => id,
        None => panic!("the tenant has no user `{user}`"),
    }
}
