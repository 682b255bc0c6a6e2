//! The key by which Azure Arc identifies programs that may have a token. Only its agent and those
//! programs may read the key.
//!
//! <https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication>

use std::path::{Path, PathBuf};

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use crate::Result;
use crate::error::SignInError;
use crate::secret;

/// The greatest size of a key, in bytes.
const LONGEST_KEY: u64 = 4096;

/// Returns the folder in which the agent puts keys.
pub(super) fn keys(variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if cfg!(windows) {
        let data = variable("ProgramData").unwrap_or_else(|| r"C:\ProgramData".to_owned());
        Path::new(&data).join(r"AzureConnectedMachineAgent\Tokens")
    } else {
        PathBuf::from("/var/opt/azcmagent/tokens")
    }
}

/// Returns the path of the agent. An installed agent may have set no variables, for example for
/// services.
pub(super) fn agent(variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if cfg!(windows) {
        let files = variable("ProgramFiles").unwrap_or_else(|| r"C:\Program Files".to_owned());
        Path::new(&files).join(r"AzureConnectedMachineAgent\himds.exe")
    } else {
        PathBuf::from("/opt/azcmagent/bin/himds")
    }
}

/// Returns the value of the `Authorization` header that satisfies a challenge.
///
/// The server at the agent's address chooses the file that is read, and receives its contents.
/// Therefore the file must be a key, and must lie in the folder of the keys.
///
/// # Errors
///
/// Returns an error if the challenge names no file, a file that is not a key, or a file that cannot
/// be read.
pub(super) async fn response(headers: &HeaderMap, keys: &Path) -> Result<HeaderValue> {
    let file = file(headers).ok_or_else(|| {
        SignInError::new("the challenge of Azure Arc (`WWW-Authenticate`) names no key file")
    })?;
    let refused = |why: &str| {
        let file = file.display().to_string();
        let file = file.escape_debug();
        SignInError::new(format!(
            "cannot use the key file `{file}` that Azure Arc named: it {why}"
        ))
    };
    if file.extension().is_none_or(|extension| extension != "key") {
        return Err(refused("has no `.key` extension").into());
    }
    let foreign = || {
        let keys = keys.display();
        refused(&format!("is not in the folder `{keys}`"))
    };
    if file.parent() != Some(keys) {
        return Err(foreign().into());
    }
    let unreadable = |error: std::io::Error| {
        refused("cannot be read (on Linux, add the user to the group `himds`)").with_source(error)
    };
    // A link to another file is not accepted either.
    let real = tokio::fs::canonicalize(&file).await.map_err(unreadable)?;
    let real_keys = tokio::fs::canonicalize(keys).await.map_err(unreadable)?;
    if real.parent() != Some(&real_keys) {
        return Err(foreign().into());
    }
    let about = tokio::fs::metadata(&real).await.map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused("is not a regular file").into());
    }
    let room = usize::try_from(LONGEST_KEY).unwrap_or_default() + 1;
    let mut key = Zeroizing::new(String::with_capacity(room));
    let open = File::open(&real).await.map_err(unreadable)?;
    let read = open.take(LONGEST_KEY + 1).read_to_string(&mut key).await;
    read.map_err(unreadable)?;
    if key.len() as u64 > LONGEST_KEY {
        return Err(refused("is too long for a key").into());
    }
    let mut value = HeaderValue::from_str(&secret::joined(&["Basic ", key.trim()]))
        .map_err(|_| refused("contains characters that an HTTP header cannot contain"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads the file of a challenge, such as `Basic realm=/var/opt/azcmagent/tokens/….key`.
fn file(headers: &HeaderMap) -> Option<PathBuf> {
    let mut challenges = headers.get_all(WWW_AUTHENTICATE).into_iter();
    challenges.find_map(|challenge| {
        let (scheme, realm) = challenge.to_str().ok()?.trim().split_once(' ')?;
        let (name, file) = realm.split_once('=')?;
        let file = file.trim().trim_matches('"');
        let is_known =
            scheme.eq_ignore_ascii_case("Basic") && name.trim().eq_ignore_ascii_case("realm");
        (is_known && !file.is_empty()).then(|| PathBuf::from(file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(challenge: &str, keys: &Path) -> std::result::Result<HeaderValue, String> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
        response(&headers, keys)
            .await
            .map_err(|error| error.to_string())
    }

    fn realm(file: &Path) -> String {
        format!("Basic realm={}", file.display())
    }

    #[tokio::test]
    async fn key_in_arc_folder_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("1.key");
        std::fs::write(&file, "hush\n").unwrap();
        for challenge in [realm(&file), format!("basic Realm=\"{}\"", file.display())] {
            let value = received(&challenge, folder.path()).await.unwrap();
            assert_eq!(value, "Basic hush");
            assert!(value.is_sensitive());
        }
        std::fs::write(&file, "k".repeat(4096)).unwrap();
        let value = received(&realm(&file), folder.path()).await.unwrap();
        assert_eq!(value.len(), "Basic ".len() + 4096);
    }

    #[tokio::test]
    async fn file_outside_arc_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("tokens");
        std::fs::create_dir_all(keys.join("folder.key")).unwrap();
        let write = |name: &str, text: &[u8]| {
            let file = keys.join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let outside = folder.path().join("outside.key");
        std::fs::write(&outside, "hush").unwrap();
        let below = keys.join("folder.key").join("below.key");
        std::fs::write(&below, "hush").unwrap();
        for (file, says) in [
            (write("1.txt", b"hush"), "it has no `.key` extension"),
            (write("key", b"hush"), "it has no `.key` extension"),
            (outside, "it is not in the folder `"),
            (keys.join("../outside.key"), "it is not in the folder `"),
            (below, "it is not in the folder `"),
            (keys.join("folder.key"), "it is not a regular file"),
            (keys.join("none.key"), "it cannot be read (on Linux"),
            (write("long.key", &[b'k'; 4097]), "it is too long for a key"),
            (write("binary.key", b"\xff"), "it cannot be read (on Linux"),
            (
                write("lines.key", b"hush\nhush"),
                "it contains characters that an HTTP header cannot contain",
            ),
        ] {
            let error = received(&realm(&file), &keys).await.unwrap_err();
            assert!(error.contains(says), "{}: {error}", file.display());
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn symbolic_link_out_of_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("tokens");
        std::fs::create_dir(&keys).unwrap();
        let outside = folder.path().join("outside.key");
        std::fs::write(&outside, "hush").unwrap();
        let link = keys.join("1.key");
        std::os::unix::fs::symlink(&outside, &link).unwrap();
        let error = received(&realm(&link), &keys).await.unwrap_err();
        assert!(error.contains("it is not in the folder `"), "{error}");
    }

    #[tokio::test]
    async fn unknown_arc_challenge_is_an_error() {
        for challenge in [
            "Bearer",
            "Basic",
            "Basic realm=",
            "Bearer realm=/a.key",
            "Basic x=/a.key",
        ] {
            let error = received(challenge, Path::new("/")).await.unwrap_err();
            assert!(error.contains("names no key file"), "{challenge}: {error}");
        }
        assert!(response(&HeaderMap::new(), Path::new("/")).await.is_err());
    }
}
