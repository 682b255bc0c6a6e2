//! Batches of calls that a task otherwise makes separately.

use super::Task;
use super::mail::draft;
use crate::ledger::Said;

impl Task {
    pub(super) async fn send_batch(&mut self) -> Option<()> {
        let graph = self.graph().clone();
        let messages = self.messages(&graph);
        let mut ids: Vec<_> = self.mail.items.iter().map(|item| item.id.clone()).collect();
        self.rng.shuffle(&mut ids);
        let mut ids = ids.into_iter();
        let mut batch = graph.batch();
        let mut creations = Vec::new();
        for _ in 0..self.rng.usize(1..4) {
            let number = self.shared.number();
            creations.push((number, batch.add(messages.create(draft(number)))));
        }
        let mut reads = Vec::new();
        for id in ids.by_ref().take(self.rng.usize(1..3)) {
            let part = batch.add(messages.id(&id).get());
            reads.push((id, part));
        }
        let mut updates = Vec::new();
        for id in ids.by_ref().take(self.rng.usize(1..3)) {
            let number = self.shared.number();
            let part = batch.add(messages.id(&id).update(draft(number)));
            updates.push((id, number, part));
        }
        let mut deletions = Vec::new();
        for id in ids.by_ref().take(self.rng.usize(0..3)) {
            let part = batch.add(messages.id(&id).delete());
            deletions.push((id, part));
        }
        let calls = batch.len() as u64;
        let shared = std::sync::Arc::clone(&self.shared);
        let mut answers = match shared.calls(calls, "batch", batch.send()).await? {
            Ok(answers) => answers,
            Err(error) => {
                shared.wrong(|| format!("a batch could not be sent: {error}"));
                return Some(());
            }
        };
        for (number, part) in creations {
            let outcome = answers.take(part);
            shared.look_at(&outcome);
            self.created(number, outcome);
        }
        for (id, part) in reads {
            let outcome = answers.take(part);
            shared.look_at(&outcome);
            self.read(&id, outcome);
        }
        for (id, number, part) in updates {
            let outcome = answers.take(part);
            shared.look_at(&outcome);
            self.updated(&id, number, outcome);
        }
        for (id, part) in deletions {
            let outcome = answers.take(part);
            shared.look_at(&outcome);
            // A part does not report the number of its attempts.
            if let Some(item) = self.mail.items.iter_mut().find(|item| item.id == id) {
                item.is_sure &= Said::of(&outcome) == Said::Done;
            }
            self.deleted(&id, outcome);
        }
        Some(())
    }
}
