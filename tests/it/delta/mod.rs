//! Delta queries.

mod changes;
mod resync;
mod rounds;

use msgraph::Model;
use msgraph::delta::{Changes, DeltaEvent};
use msgraph::models::User;
use msgraph_simulator::Simulator;

use crate::support::graph;
use crate::support::recorder::{Answer, Recorder};

const END: &str = r#""@odata.deltaLink":"{url}/v1.0/users/delta?$deltatoken=z""#;

async fn simulator() -> Simulator {
    Simulator::builder()
        .page_size(5)
        .start()
        .await
        .expect("a port")
}

/// Returns the events of a round, and the link to the next round.
async fn round<T: Model>(mut changes: Changes<T>) -> (Vec<DeltaEvent<T>>, String) {
    let mut events = Vec::new();
    while let Some(event) = changes.try_next().await.unwrap() {
        events.push(event);
    }
    let link = changes.delta_link().expect("the round is over").to_owned();
    (events, link)
}

/// Returns the event that ends a round where Graph asks to start over.
async fn resync<T: Model>(mut changes: Changes<T>) -> msgraph::delta::Resync<T> {
    let Some(DeltaEvent::Resync(resync)) = changes.try_next().await.unwrap() else {
        panic!("no resync");
    };
    assert!(changes.try_next().await.unwrap().is_none(), "it is the end");
    assert_eq!(changes.delta_link(), None);
    resync
}

/// Returns a recorder, and the changes of users that it responds with.
async fn changes_of(answers: impl IntoIterator<Item = Answer>) -> (Recorder, Changes<User>) {
    let recorder = Recorder::in_turn(answers).await;
    let changes = graph(&recorder).users().delta().changes();
    (recorder, changes)
}
