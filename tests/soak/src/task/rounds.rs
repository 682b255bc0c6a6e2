//! Rounds of changes of the mail folder.

use msgraph::Result;
use msgraph::delta::{Changes, DeltaEvent};
use msgraph::models::Message;

use super::Task;

impl Task {
    pub(super) async fn follow_changes(&mut self) -> Option<()> {
        let call = self.messages(self.graph()).delta();
        let (changes, mirror) = match &self.delta_link {
            Some(link) => (call.changes_since(link), self.mirror.clone()),
            None => (call.changes(), Vec::new()),
        };
        let outcome = self.shared.call("delta", follow(changes, mirror)).await?;
        if let Ok((mirror, link)) = outcome {
            if link.is_none() {
                self.shared
                    .wrong(|| "a round of changes has no delta link".to_owned());
            }
            // After a wrong round the delta query starts again, so that one fault counts once.
            let fits = self.compare("a round of changes", &mirror);
            self.delta_link = link.filter(|_| fits);
            self.mirror = mirror;
        }
        Some(())
    }
}

/// Follows a round to its end. Returns the messages after it, and the link of the next round.
async fn follow(
    mut changes: Changes<Message>,
    mut mirror: Vec<(String, String)>,
) -> Result<(Vec<(String, String)>, Option<String>)> {
    loop {
        match changes.try_next().await? {
            Some(DeltaEvent::Changed(message)) => {
                let message = message.into_inner();
                let id = message.id.unwrap_or_default();
                let known = mirror.iter_mut().find(|(own, _)| *own == id);
                match (known, message.subject) {
                    (Some((_, own)), Some(subject)) => *own = subject,
                    (Some(_), None) => {}
                    (None, subject) => mirror.push((id, subject.unwrap_or_default())),
                }
            }
            Some(DeltaEvent::Removed(message)) => {
                mirror.retain(|(id, _)| Some(id.as_str()) != message.id());
            }
            Some(DeltaEvent::Resync(resync)) => {
                changes = resync.start_over();
                mirror.clear();
            }
            Some(_) => {}
            None => {
                let link = changes.delta_link().map(str::to_owned);
                return Ok((mirror, link));
            }
        }
    }
}
