//! A task, which makes one random call after another on its own entities.

mod batch;
mod content;
mod copies;
mod directory;
mod downloads;
mod files;
mod mail;
mod rounds;
mod sign_in;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;

use fastrand::Rng;
use msgraph::Graph;
use msgraph::models::{DriveItem, Folder, MailFolder};
use msgraph::nodes::DrivesIdItemsId;

use crate::Error;
use crate::programs::{Program, own};
use crate::shared::Shared;
use files::Files;
use mail::Mail;

/// A task. It writes to a mail folder and a drive folder that no other task uses.
pub struct Task {
    number: usize,
    rng: Rng,
    program: Program,
    shared: Arc<Shared>,
    user: String,
    mail_folder: String,
    mail: Mail,
    files: Files,
    /// The link for the next round of changes.
    delta_link: Option<String>,
    /// The messages that the rounds so far have reported.
    mirror: Vec<(String, String)>,
    /// A file of this machine for downloads.
    scratch: PathBuf,
}

impl Task {
    /// Creates a task with its folders, before the misbehavior begins.
    pub async fn new(
        number: usize,
        seed: u64,
        program: Program,
        shared: Arc<Shared>,
        scratch: PathBuf,
    ) -> Result<Self, Error> {
        let graph = own(&shared.access)?;
        let user = match program.is_user {
            true => shared.access.user.clone(),
            false => {
                let users = graph.users().list().top(999).await?;
                let at = number % users.len().max(1);
                let user = users.iter().nth(at).and_then(|user| user.id.clone());
                user.ok_or("the tenant has no users")?
            }
        };
        let folder = graph.users().id(&user).mail_folders().create(MailFolder {
            display_name: Some(format!("soak-{number}")),
            ..Default::default()
        });
        let mail_folder = folder.await?.id.ok_or("the mail folder has no id")?;
        let root = graph.users().id(&user).drive().root();
        root.children()
            .create(DriveItem {
                name: Some(format!("soak-{number}")),
                folder: Some(Folder::default().into()),
                ..Default::default()
            })
            .await?;
        Ok(Self {
            number,
            rng: Rng::with_seed(seed),
            program,
            shared,
            user,
            mail_folder,
            mail: Mail::default(),
            files: Files::default(),
            delta_link: None,
            mirror: Vec::new(),
            scratch,
        })
    }

    /// Makes calls until no calls are left.
    pub async fn run(mut self) -> Self {
        while !self.shared.is_over() {
            // An operation that cannot continue ends early.
            let _ended: Option<()> = match self.rng.u32(0..100) {
                0..14 => self.create_message().await,
                14..24 => self.read_message().await,
                24..34 => self.update_message().await,
                34..42 => self.delete_message().await,
                42..50 => self.list_messages().await,
                50..56 => self.read_people().await,
                56..62 => self.live_as_a_group().await,
                62..68 => self.send_batch().await,
                68..74 => self.follow_changes().await,
                74..80 => self.replace_file().await,
                80..83 => self.upload_new_file().await,
                83..86 => self.upload_in_slices().await,
                86..94 => self.download().await,
                94..96 => self.delete_file().await,
                96..98 => self.copy_file().await,
                _ => self.sign_in_anew().await,
            };
        }
        self
    }

    /// Compares the existing entities with the expected ones, after the misbehavior has ended.
    pub async fn check(mut self, graph: &Graph) -> Result<(), Error> {
        self.check_mail(graph).await?;
        self.check_files(graph).await
    }

    fn graph(&self) -> &Graph {
        &self.program.graph
    }

    /// Returns the folder of the drive, for a client.
    fn folder(&self, graph: &Graph) -> DrivesIdItemsId {
        let root = graph.users().id(&self.user).drive().root();
        root.path(&format!("soak-{}", self.number))
    }
}
