//! Azure Arc: a program that can read a file of the machine is taken to run on it.
//!
//! <https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication>

use super::Refused;
use crate::identity::Platform;
use crate::request::Request;

/// The file that a challenge names if a test has set none. It does not exist.
const NOWHERE: &str = "/var/opt/azcmagent/tokens/simulator.key";

impl Platform<'_> {
    /// Checks that a request carries the content of the file that a challenge names.
    pub(super) fn check_key(&self, request: &Request) -> Result<(), Refused> {
        let file = self.identity.managed.key_file.as_deref();
        let realm = file.map_or(NOWHERE.to_owned(), |file| file.display().to_string());
        let challenge = |message: &str| Err(Refused::challenge(&realm, message));
        let Some(sent) = request.header("authorization") else {
            return challenge("Missing Basic Authorization header");
        };
        let content = file.and_then(|file| std::fs::read_to_string(file).ok());
        match (sent.strip_prefix("Basic "), content) {
            (Some(sent), Some(content)) if sent == content => Ok(()),
            _ => {
                challenge("The key of the Basic Authorization header does not match the key file.")
            }
        }
    }
}
