//! The simulator of a soak: in this process, or in its own, so that its memory can be measured
//! separately.
//!
//! A separate process is controlled by lines of JSON. It writes its [`Access`] to its output when
//! it is ready. It begins to misbehave when it reads [`Command::Chaos`]. When it reads
//! [`Command::Calm`], it stops misbehaving and writes its [`Evidence`].

use std::process::Stdio;

use msgraph_simulator::{Chaos, Simulator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::Error;
use crate::evidence::Evidence;
use crate::options::misbehavior;

/// The word on the command line that makes a program call [`serve`].
const WORD: &str = "--serve-soak";

/// The values that a client needs to reach the simulator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Access {
    pub host: String,
    pub tenant: String,
    pub client_id: String,
    pub client_secret: String,
    /// The user who is signed in at the browser.
    pub user: String,
    /// The number of users.
    pub users: usize,
}

#[derive(Debug, Serialize, Deserialize)]
enum Command {
    Chaos(Misbehaving),
    Calm,
}

/// The settings of the simulator's misbehavior.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Misbehaving {
    pub seed: u64,
    pub rate: f64,
    pub without: Vec<String>,
}

impl Misbehaving {
    fn chaos(&self) -> Chaos {
        let without = self.without.iter().filter_map(|name| misbehavior(name));
        Chaos::new(self.seed).rate(self.rate).without(without)
    }
}

/// A simulator for a soak.
pub struct Server {
    place: Place,
    access: Access,
}

enum Place {
    Here(Box<Simulator>),
    Process(Box<Process>),
}

/// A process with a simulator. It ends when this is dropped.
struct Process {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    async fn send(&mut self, command: &Command) -> Result<(), Error> {
        let line = serde_json::to_string(command)? + "\n";
        self.input.write_all(line.as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    async fn answer<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let line = self.output.next_line().await?;
        let line = line.ok_or("the simulator's process has ended")?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Server {
    /// Starts a simulator in this process.
    ///
    /// # Errors
    ///
    /// Returns the errors of the simulator.
    pub async fn here() -> Result<Self, Error> {
        let simulator = start().await?;
        Ok(Self {
            access: access(&simulator)?,
            place: Place::Here(Box::new(simulator)),
        })
    }

    /// Starts a simulator in its own process. It runs this program with a word that
    /// [`main`](crate::main) passes to `serve`.
    ///
    /// # Errors
    ///
    /// Returns the errors of the system and of the simulator.
    pub async fn process() -> Result<Self, Error> {
        let mut child = tokio::process::Command::new(std::env::current_exe()?)
            .arg(WORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("the simulator has no input")?;
        let output = child.stdout.take().ok_or("the simulator has no output")?;
        let mut process = Process {
            _child: child,
            input,
            output: BufReader::new(output).lines(),
        };
        Ok(Self {
            access: process.answer().await?,
            place: Place::Process(Box::new(process)),
        })
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// Checks whether the simulator runs in its own process, and so does not share the client's
    /// memory.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self.place, Place::Process(_))
    }

    /// Lets the simulator misbehave.
    pub(crate) async fn chaos(&mut self, misbehaving: Misbehaving) -> Result<(), Error> {
        match &mut self.place {
            Place::Here(simulator) => simulator.chaos(misbehaving.chaos()),
            Place::Process(process) => {
                process.send(&Command::Chaos(misbehaving)).await?;
                process.answer::<()>().await?;
            }
        }
        Ok(())
    }

    /// Ends the misbehavior, and returns the records.
    pub(crate) async fn calm(&mut self) -> Result<Evidence, Error> {
        match &mut self.place {
            Place::Here(simulator) => {
                simulator.heal();
                Ok(Evidence::of(simulator))
            }
            Place::Process(process) => {
                process.send(&Command::Calm).await?;
                process.answer().await
            }
        }
    }
}

/// Serves a soak of another process, if [`Server::process`] started this one for it. Returns
/// whether it did.
///
/// # Errors
///
/// Returns the errors of the simulator, and an error if the input of the other process cannot be
/// read.
pub async fn serve() -> Result<bool, Error> {
    if std::env::args().nth(1).as_deref() != Some(WORD) {
        return Ok(false);
    }
    let simulator = start().await?;
    println!("{}", serde_json::to_string(&access(&simulator)?)?);
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = input.next_line().await? {
        let answer = match serde_json::from_str(&line)? {
            Command::Chaos(misbehaving) => {
                simulator.chaos(misbehaving.chaos());
                serde_json::to_string(&())?
            }
            Command::Calm => {
                simulator.heal();
                serde_json::to_string(&Evidence::of(&simulator))?
            }
        };
        println!("{answer}");
    }
    Ok(true)
}

async fn start() -> Result<Simulator, Error> {
    let simulator = Simulator::builder().kept_requests(0).start().await?;
    // Long-running operations end after one poll.
    simulator.set_polls(1);
    Ok(simulator)
}

fn access(simulator: &Simulator) -> Result<Access, Error> {
    let who = simulator.credentials();
    let users = simulator.read("/users?$top=999")?;
    Ok(Access {
        host: simulator.login_url().to_owned(),
        tenant: who.tenant_id.clone(),
        client_id: who.client_id.clone(),
        client_secret: who.client_secret.clone(),
        user: who.user_principal_name.clone(),
        users: users["value"].as_array().map_or(0, Vec::len),
    })
}
