//! Synchronizes a mail folder with Graph's by delta queries: each round returns the changes since
//! the last.
//!
//! By default, it runs against the simulator, and makes changes between the rounds. With
//! `ACCESS_TOKEN` set (a token of a user, with the permission `Mail.Read`), it runs one round of
//! the user's inbox. The round starts from the link that the last run has left in the named file:
//!
//! ```text
//! ACCESS_TOKEN=eyJ0… cargo run --example mailbox_sync -- inbox.link
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;

use msgraph::Graph;
use msgraph::auth::AccessTokenCredential;
use msgraph::delta::DeltaEvent;
use msgraph::models::{ItemBody, Message};
use msgraph_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout();
    match (std::env::var("ACCESS_TOKEN"), std::env::args().nth(1)) {
        (Ok(token), Some(file)) => {
            let graph = Graph::new(AccessTokenCredential::new(token));
            let mut mailbox = Mailbox {
                link: std::fs::read_to_string(&file).ok(),
                ..Mailbox::default()
            };
            mailbox.sync(&graph, out).await?;
            // The link is written last, because changes before it are not returned again.
            std::fs::write(file, mailbox.link.unwrap_or_default())?;
            Ok(())
        }
        _ => run(out).await,
    }
}

/// A copy of a folder, and the link at which the next round begins.
#[derive(Default)]
struct Mailbox {
    messages: BTreeMap<String, Message>,
    link: Option<String>,
}

impl Mailbox {
    async fn sync(&mut self, graph: &Graph, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
        let inbox = graph.me().mail_folders().id("inbox").messages();
        let messages = inbox
            .delta()
            .select([Message::ID, Message::SUBJECT])
            .immutable_ids();
        let mut changes = match &self.link {
            Some(link) => messages.changes_since(link),
            None => messages.changes(),
        };
        let mut found = Vec::new();
        let mut is_whole = self.link.is_none();
        while let Some(event) = changes.try_next().await? {
            match event {
                DeltaEvent::Changed(message) => {
                    let message = message.into_inner();
                    let id = message.id.clone().ok_or("a message has no id")?;
                    found.push(id.clone());
                    let subject = message.subject.as_deref().unwrap_or("without a subject");
                    match self.messages.contains_key(&id) {
                        true => writeln!(out, "  changed: {subject}")?,
                        false => writeln!(out, "  new: {subject}")?,
                    }
                    self.messages.insert(id, message);
                }
                DeltaEvent::Removed(message) => {
                    let id = message.id().ok_or("a message has no id")?;
                    let known = self.messages.remove(id);
                    let subject = known.and_then(|message| message.subject);
                    writeln!(out, "  gone: {}", subject.as_deref().unwrap_or(id))?;
                }
                DeltaEvent::Resync(resync) => {
                    writeln!(out, "  the delta link has expired: starting a full sync")?;
                    is_whole = true;
                    changes = resync.start_over();
                }
                _ => {}
            }
        }
        if is_whole {
            // A full round names every existing message, so all others were deleted.
            self.messages.retain(|id, _| found.contains(id));
        }
        self.link = changes.delta_link().map(str::to_owned);
        writeln!(out, "  {} messages", self.messages.len())?;
        Ok(())
    }
}

/// Runs some rounds, with changes between them.
pub async fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start().await?;
    let graph = Graph::builder(AccessTokenCredential::new(simulator.user_token()))
        .cloud(simulator.cloud())
        .build()?;
    let inbox = graph.me().mail_folders().id("inbox").messages();
    let mut mailbox = Mailbox::default();

    writeln!(out, "The first round brings everything")?;
    mailbox.sync(&graph, out).await?;

    let new = inbox.create(Message {
        subject: Some("Lunch?".into()),
        body: Some(Box::new(ItemBody {
            content: Some("At noon.".into()),
            ..Default::default()
        })),
        ..Default::default()
    });
    let new = new.immutable_ids().await?.id.ok_or("it has an id")?;
    writeln!(out, "A message comes")?;
    mailbox.sync(&graph, out).await?;

    let change = Message {
        subject: Some("Dinner?".into()),
        ..Default::default()
    };
    inbox.id(&new).update(change).await?;
    writeln!(out, "It is changed")?;
    mailbox.sync(&graph, out).await?;

    inbox.id(&new).delete().await?;
    writeln!(out, "It is deleted")?;
    mailbox.sync(&graph, out).await?;

    simulator.expire_delta_tokens();
    writeln!(out, "A long time passes")?;
    mailbox.sync(&graph, out).await
}
