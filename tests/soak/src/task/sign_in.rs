//! Sign-ins of users.

use msgraph::Error;

use super::Task;
use crate::programs::sign_in;

impl Task {
    /// Signs the user in with the browser, and reads the signed-in user from Graph.
    pub(super) async fn sign_in_anew(&mut self) -> Option<()> {
        let shared = &self.shared;
        let signing_in = sign_in(&shared.access, self.graph());
        let session = match shared.calls(1, "sign in", signing_in).await? {
            Ok(session) => session,
            Err(error) => {
                match error.downcast::<Error>() {
                    // A code can be redeemed once, and its response may be lost.
                    Ok(error) => shared.count(&error),
                    Err(error) => shared.wrong(|| format!("no sign-in: {error}")),
                }
                return None;
            }
        };
        let graph = self.graph().with_provider(session);
        let me = shared.call("me", graph.me().get()).await?.ok()?;
        if me.user_principal_name.as_ref() != Some(&shared.access.user) {
            let name = me.user_principal_name;
            shared.wrong(|| format!("{name:?} has signed in"));
        }
        Some(())
    }
}
