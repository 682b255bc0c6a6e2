//! A program that serves a local Microsoft Graph, for clients of any language.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use msgraph_simulator::{Error, Seed, Simulator};

const USAGE: &str = "\
Usage: msgraph-simulator [OPTIONS]

Serves Microsoft Graph and the identity platform on this machine until it is stopped with Ctrl-C.
Prints their addresses and the credentials to sign in with. A port is any free one by default.

  --port PORT           the port of Graph and the identity platform
  --storage-port PORT   the port of uploads, downloads and monitors
  --control-port PORT   the port of the control interface
  --seed FILE           a file of JSON with entities to add; it can be given several times
  --empty               starts with one user and no content, instead of the tenant Contoso
  --openapi DIR         the folder of another description than the one inside
  --tls                 serves https, with a certificate that it makes and writes to a file
  --certificate FILE    that file (default: in the folder of temporary files); implies --tls
  --proxy-port PORT     serves a proxy for clients whose hosts are fixed: with HTTPS_PROXY, they
                        reach the simulator at https://graph.microsoft.com; implies --tls
  --public-url URL      the address in links, if a reverse proxy stands before the simulator
  --public-storage-url URL
                        the same for uploads, downloads and monitors
";

/// The environment variables by which other programs trust a certificate.
const TRUST: &str = "SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, curl --cacert";

/// The arguments of the command line.
#[derive(Debug, Default)]
struct Arguments {
    port: u16,
    storage_port: u16,
    control_port: u16,
    seeds: Vec<PathBuf>,
    empty: bool,
    openapi: Option<PathBuf>,
    tls: bool,
    certificate: Option<PathBuf>,
    proxy_port: Option<u16>,
    public_url: Option<String>,
    public_storage_url: Option<String>,
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
                "--port" => arguments.port = port(&word, &value()?)?,
                "--storage-port" => arguments.storage_port = port(&word, &value()?)?,
                "--control-port" => arguments.control_port = port(&word, &value()?)?,
                "--seed" => arguments.seeds.push(value()?.into()),
                "--empty" => arguments.empty = true,
                "--openapi" => arguments.openapi = Some(value()?.into()),
                "--tls" => arguments.tls = true,
                "--certificate" => arguments.certificate = Some(value()?.into()),
                "--proxy-port" => arguments.proxy_port = Some(port(&word, &value()?)?),
                "--public-url" => arguments.public_url = Some(value()?),
                "--public-storage-url" => arguments.public_storage_url = Some(value()?),
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        Ok(Some(arguments))
    }
}

fn port(name: &str, text: &str) -> Result<u16, String> {
    let port = text.parse();
    port.map_err(|_| format!("`{name}`: `{text}` is not a port"))
}

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            let _ = write!(std::io::stdout(), "{USAGE}");
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
    let mut builder = Simulator::builder()
        .port(arguments.port)
        .storage_port(arguments.storage_port)
        .control_port(arguments.control_port);
    if arguments.empty {
        builder = builder.seed(Seed::Empty);
    }
    for file in arguments.seeds {
        builder = builder.seed_file(file);
    }
    if let Some(folder) = arguments.openapi {
        builder = builder.openapi(folder);
    }
    if let Some(url) = arguments.public_url {
        builder = builder.public_url(url);
    }
    if let Some(url) = arguments.public_storage_url {
        builder = builder.public_storage_url(url);
    }
    if arguments.tls || arguments.certificate.is_some() {
        builder = builder.tls();
    }
    if let Some(port) = arguments.proxy_port {
        builder = builder.proxy_port(port);
    }
    let simulator = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|source| Error::Listen {
            port: arguments.port,
            source,
        })?
        .block_on(builder.start())?;
    let certificate = written(&simulator, arguments.certificate)?;
    let (url, login, who) = (
        simulator.url(),
        simulator.login_url(),
        simulator.credentials(),
    );
    // The program prints the secrets because they exist in this process only and the user needs
    // them. They may go to a program that has ended, as with `| head`.
    let _ = writeln!(
        std::io::stdout(),
        "Microsoft Graph   {url}
token endpoint    {login}/{tenant}/oauth2/v2.0/token
files             {storage}
                  (uploads, downloads and monitors; they need no token)
control           {control}
                  (faults, seeds, records; GET / lists its operations)
tenant            {tenant} ({domain})
client id         {client}
client secret     {secret}
refresh token     {refresh}
                  (of {user}, for the client above)
public client     {public}
                  (its redirect URI is http://localhost with any port)
{trust}
Try it:

  TOKEN=$(curl -s{cacert} {login}/{domain}/oauth2/v2.0/token \\
    -d grant_type=client_credentials -d scope=https://graph.microsoft.com/.default \\
    -d client_id={client} -d client_secret={secret} \\
    | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')
  curl -s{cacert} -H \"Authorization: Bearer $TOKEN\" '{url}/users?$top=2&$select=displayName,mail'

Ctrl-C stops it.",
        storage = simulator.storage_url(),
        control = simulator.control_url().unwrap_or_default(),
        trust = trust(&simulator, certificate.as_deref()),
        cacert = certificate.map_or(String::new(), |file| format!(
            " --cacert {}",
            file.display()
        )),
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

/// Writes the simulator's certificate to a file, if it serves https. Returns the file.
fn written(simulator: &Simulator, file: Option<PathBuf>) -> Result<Option<PathBuf>, Error> {
    let Some(certificate) = simulator.certificate() else {
        return Ok(None);
    };
    let file = file.unwrap_or_else(|| {
        let port = simulator.login_url().rsplit(':').next();
        let port = port.unwrap_or_default().trim_matches('/');
        std::env::temp_dir().join(format!("msgraph-simulator-{port}.pem"))
    });
    // A link of that name must not lead to another file, so an older file is removed first.
    let _ = std::fs::remove_file(&file);
    let create = std::fs::File::create_new(&file);
    let write = create.and_then(|mut open| open.write_all(certificate.as_bytes()));
    write.map_err(|source| Error::WriteCertificate {
        file: file.clone(),
        source,
    })?;
    Ok(Some(file))
}

/// Returns the lines about the certificate and the proxy.
fn trust(simulator: &Simulator, certificate: Option<&Path>) -> String {
    let mut lines = String::new();
    if let Some(file) = certificate {
        lines.push_str(&format!("certificate       {}\n", file.display()));
        lines.push_str(&format!("                  (for clients: {TRUST})\n"));
    }
    if let Some(url) = simulator.proxy_url() {
        lines.push_str(&format!("proxy             {url}\n"));
        lines.push_str("                  (HTTPS_PROXY of clients whose hosts are fixed)\n");
    }
    lines
}
