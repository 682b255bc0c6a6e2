//! Messages: creating, reading, changing, deleting and listing them.

use std::cell::Cell;
use std::collections::HashSet;

use msgraph::models::Message;
use msgraph::nodes::MeMessages;
use msgraph::{Error, Graph, Result};

use super::Task;
use crate::ledger::{Act, Said};

/// The largest number of messages of a task.
const MOST: usize = 30;

/// The task's knowledge of its messages.
#[derive(Debug, Default)]
pub struct Mail {
    pub items: Vec<Item>,
    /// The subjects of messages that may have been created.
    maybe: HashSet<String>,
}

/// A message.
#[derive(Debug)]
pub struct Item {
    pub id: String,
    /// The subjects that it may have.
    pub subjects: Vec<String>,
    /// `true` if the message must exist. Otherwise it may have been deleted.
    pub is_sure: bool,
}

pub fn subject(number: u32) -> String {
    format!("w{number}")
}

pub fn draft(number: u32) -> Message {
    Message {
        subject: Some(subject(number)),
        ..Default::default()
    }
}

impl Task {
    pub(super) fn messages(&self, graph: &Graph) -> MeMessages {
        let folders = graph.users().id(&self.user).mail_folders();
        folders.id(&self.mail_folder).messages()
    }

    pub(super) async fn create_message(&mut self) -> Option<()> {
        if self.mail.items.len() >= MOST {
            return self.delete_message().await;
        }
        let number = self.shared.number();
        let call = self.messages(self.graph()).create(draft(number));
        let outcome = self.shared.call("create message", call).await?;
        self.created(number, outcome);
        Some(())
    }

    /// Records the outcome of a creation.
    pub(super) fn created(&mut self, number: u32, outcome: Result<Message>) {
        let said = Said::of(&outcome);
        self.shared.write(number, Act::Create, said);
        match outcome {
            Ok(message) => match (message.id, message.subject) {
                (Some(id), Some(own)) if own == subject(number) => self.mail.items.push(Item {
                    id,
                    subjects: vec![own],
                    is_sure: true,
                }),
                (id, own) => {
                    self.shared
                        .wrong(|| format!("created w{number} is {id:?}, {own:?}"));
                    self.mail.maybe.insert(subject(number));
                }
            },
            Err(_) if said == Said::Unclear => {
                self.mail.maybe.insert(subject(number));
            }
            Err(_) => {}
        }
    }

    pub(super) async fn read_message(&mut self) -> Option<()> {
        let at = self.choose_message()?;
        let id = self.mail.items.get(at)?.id.clone();
        let call = self.messages(self.graph()).id(&id).get();
        let outcome = self.shared.call("read message", call).await?;
        self.read(&id, outcome);
        Some(())
    }

    /// Records the outcome of reading a message.
    pub(super) fn read(&mut self, id: &str, outcome: Result<Message>) {
        let Some(at) = self.mail.items.iter().position(|item| item.id == id) else {
            return;
        };
        let item = &mut self.mail.items[at];
        match outcome {
            Ok(message) => match message.subject {
                Some(own) if item.subjects.contains(&own) => {
                    item.subjects = vec![own];
                    item.is_sure = true;
                }
                own => {
                    let expected = &item.subjects;
                    self.shared
                        .wrong(|| format!("read a message: {own:?}, not {expected:?}"));
                }
            },
            Err(error) if error.is_not_found() => {
                if item.is_sure {
                    self.shared
                        .wrong(|| format!("read a message that is there: {error}"));
                }
                self.mail.items.remove(at);
            }
            Err(_) => {}
        }
    }

    pub(super) async fn update_message(&mut self) -> Option<()> {
        let at = self.choose_message()?;
        let id = self.mail.items.get(at)?.id.clone();
        let number = self.shared.number();
        let call = self.messages(self.graph()).id(&id).update(draft(number));
        let outcome = self.shared.call("update message", call).await?;
        self.updated(&id, number, outcome);
        Some(())
    }

    /// Records the outcome of a change.
    pub(super) fn updated(&mut self, id: &str, number: u32, outcome: Result<Option<Message>>) {
        let said = Said::of(&outcome);
        self.shared.write(number, Act::Update, said);
        let Some(at) = self.mail.items.iter().position(|item| item.id == id) else {
            return;
        };
        let item = &mut self.mail.items[at];
        match outcome {
            Ok(message) => {
                item.subjects = vec![subject(number)];
                item.is_sure = true;
                if let Some(message) = message
                    && message.subject != Some(subject(number))
                {
                    let own = message.subject;
                    self.shared
                        .wrong(|| format!("changed to w{number}, and it came as {own:?}"));
                }
            }
            Err(error) if error.is_not_found() => {
                if item.is_sure {
                    self.shared
                        .wrong(|| format!("changed a message that is there: {error}"));
                }
                self.mail.items.remove(at);
            }
            Err(_) if said == Said::Unclear => item.subjects.push(subject(number)),
            Err(_) => {}
        }
    }

    pub(super) async fn delete_message(&mut self) -> Option<()> {
        let at = self.choose_message()?;
        let id = self.mail.items.get(at)?.id.clone();
        let call = self.messages(self.graph()).id(&id).delete();
        let outcome = self.shared.call("delete message", call).await?;
        self.deleted(&id, outcome);
        Some(())
    }

    /// Records the outcome of a deletion.
    pub(super) fn deleted(&mut self, id: &str, outcome: Result<()>) {
        let Some(at) = self.mail.items.iter().position(|item| item.id == id) else {
            return;
        };
        match outcome {
            Ok(()) => {
                self.mail.items.remove(at);
            }
            // The response to an earlier attempt was lost.
            Err(error) if error.is_not_found() => {
                let attempts = error.attempts().map_or(0, msgraph::error::Attempts::count);
                if self.mail.items[at].is_sure && attempts < 2 {
                    self.shared
                        .wrong(|| format!("deleted a message that is there: {error}"));
                }
                self.mail.items.remove(at);
            }
            Err(_) => self.mail.items[at].is_sure = false,
        }
    }

    pub(super) async fn list_messages(&mut self) -> Option<()> {
        let top = self.rng.u32(3..12);
        let call = self.messages(self.graph()).list().top(top);
        let outcome = self
            .shared
            .call("list messages", all(call.stream()))
            .await?;
        if let Ok(view) = outcome {
            self.compare("a list", &view);
        }
        Some(())
    }

    /// Compares all messages, by id and subject, with the expected ones, and records the
    /// differences. Returns whether they match.
    pub(super) fn compare(&mut self, what: &str, view: &[(String, String)]) -> bool {
        let fits = Cell::new(true);
        let wrong = |text: String| {
            fits.set(false);
            self.shared.wrong(|| text);
        };
        let mut ids = HashSet::new();
        for (id, subject) in view {
            if !ids.insert(id) {
                wrong(format!("{what} has {subject} twice"));
            }
        }
        let maybe = std::mem::take(&mut self.mail.maybe);
        self.mail.items.retain_mut(|item| {
            let seen = view.iter().find(|(id, _)| *id == item.id);
            match seen {
                Some((_, subject)) => {
                    if !item.subjects.contains(subject) {
                        let expected = &item.subjects;
                        wrong(format!("{what} has {subject}, not {expected:?}"));
                    }
                    item.subjects = vec![subject.clone()];
                    item.is_sure = true;
                }
                None if item.is_sure => {
                    let expected = &item.subjects;
                    wrong(format!("{what} lacks {expected:?}"));
                }
                None => {}
            }
            seen.is_some()
        });
        for (id, subject) in view {
            if self.mail.items.iter().any(|item| item.id == *id) {
                continue;
            }
            if !maybe.contains(subject) {
                wrong(format!("{what} has {subject}, which should not be there"));
            }
            self.mail.items.push(Item {
                id: id.clone(),
                subjects: vec![subject.clone()],
                is_sure: true,
            });
        }
        fits.get()
    }

    pub(super) async fn check_mail(&mut self, graph: &Graph) -> std::result::Result<(), Error> {
        let view = all(self.messages(graph).list().top(100).stream()).await?;
        self.compare("the end", &view);
        Ok(())
    }

    pub(super) fn choose_message(&mut self) -> Option<usize> {
        let messages = self.mail.items.len();
        (messages > 0).then(|| self.rng.usize(..messages))
    }
}

/// Returns all messages of a list, by id and subject.
async fn all(mut messages: msgraph::page::Items<Message>) -> Result<Vec<(String, String)>> {
    let mut view = Vec::new();
    while let Some(message) = messages.try_next().await? {
        let (id, subject) = (message.id, message.subject);
        view.push((id.unwrap_or_default(), subject.unwrap_or_default()));
    }
    Ok(view)
}
