//! A program that serves a local Microsoft Graph (`cargo run -p msgraph-simulator`), for use with curl.

use std::path::PathBuf;
use std::process::ExitCode;

use msgraph_simulator::{Error, Simulator};

const USAGE: &str = "\
Usage: msgraph-simulator [--port PORT] [--openapi DIR]

Serves Microsoft Graph and the identity platform on 127.0.0.1 until it is stopped with Ctrl-C.
Prints their addresses and the credentials to sign in with.

  --port PORT     the port to listen on (default: any free port)
  --openapi DIR   the folder of another description than the one inside
";

/// The arguments of the command line.
#[derive(Debug, Default)]
struct Arguments {
    port: u16,
    openapi: Option<PathBuf>,
}

impl Arguments {
    /// Reads the command line. Returns `None` if the user requests help.
    fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut arguments = Self::default();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .ok_or_else(|| format!("`{word}` needs a value"))
            };
            match word.as_str() {
                "--port" => {
                    let text = value()?;
                    arguments.port = text
                        .parse()
                        .map_err(|_| format!("`--port`: `{text}` is not a port"))?;
                }
                "--openapi" => arguments.openapi = Some(value()?.into()),
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        Ok(Some(arguments))
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprint!("{message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(never) => match never {},
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until the process is stopped from outside.
fn run(arguments: Arguments) -> Result<std::convert::Infallible, Error> {
    let mut builder = Simulator::builder().port(arguments.port);
    if let Some(folder) = arguments.openapi {
        builder = builder.openapi(folder);
    }
    let simulator = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| Error::Listen {
            port: arguments.port,
            source,
        })?
        .block_on(builder.start())?;
    let (url, login, who) = (
        simulator.url(),
        simulator.login_url(),
        simulator.credentials(),
    );
    // The program prints the secrets because they exist in this process only and the user needs
    // them.
    println!(
        "Microsoft Graph   {url}
token endpoint    {login}/{tenant}/oauth2/v2.0/token
files             {storage}
                  (uploads, downloads and monitors; they need no token)
tenant            {tenant} ({domain})
client id         {client}
client secret     {secret}
refresh token     {refresh}
                  (of {user}, for the client above)
public client     {public}
                  (its redirect URI is http://localhost with any port)

Try it:

  TOKEN=$(curl -s {login}/{domain}/oauth2/v2.0/token \\
    -d grant_type=client_credentials -d scope=https://graph.microsoft.com/.default \\
    -d client_id={client} -d client_secret={secret} \\
    | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')
  curl -s -H \"Authorization: Bearer $TOKEN\" '{url}/users?$top=2&$select=displayName,mail'

Ctrl-C stops it.",
        storage = simulator.storage_url(),
        tenant = who.tenant_id,
        domain = who.domain,
        client = who.client_id,
        secret = who.client_secret,
        public = who.public_client_id,
        refresh = who.refresh_token,
        user = who.user_principal_name,
    );
    loop {
        std::thread::park();
    }
}
