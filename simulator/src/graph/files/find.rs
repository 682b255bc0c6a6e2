//! Searches of drives, recent files, and items of other users.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::Graph;
use super::super::behavior::Invocation;
use super::DRIVE_ITEM;
use crate::answer::Answer;
use crate::domain::without_null;
use crate::query::Options;
use crate::refusal::Refusal;
use crate::resource::Caller;
use crate::store::Id;

/// Searches a folder and all folders below it.
///
/// <https://learn.microsoft.com/graph/api/driveitem-search>
pub(super) fn search_items(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    search(graph, invocation, invocation.id)
}

/// Searches a drive.
///
/// <https://learn.microsoft.com/graph/api/driveitem-search>
pub(super) fn search_drive(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    match graph.tenant.store.one(invocation.id, "root") {
        Some(root) => search(graph, invocation, root),
        None => graph.result_page(invocation.call, DRIVE_ITEM, Vec::new()),
    }
}

fn search(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
    folder: Id,
) -> Result<Answer, Refusal> {
    let text = invocation.argument("q").unwrap_or_default().to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = graph.tenant.tree(folder);
    found.retain(|id| *id != folder && matches(graph, *id, &words));
    found.sort_unstable();
    graph.result_page(invocation.call, DRIVE_ITEM, found)
}

/// Checks whether an item has all words in its name, or in its content if that is text. A word is
/// found at the beginning of any word of the text.
fn matches(graph: &Graph<'_>, id: Id, words: &[&str]) -> bool {
    let name = graph.tenant.name(id).unwrap_or_default().to_lowercase();
    let content = graph.tenant.store.content(id, "content");
    let content = content.filter(|content| is_text(&content.media_type));
    let content = content.map(|content| String::from_utf8_lossy(&content.bytes).to_lowercase());
    let content = content.unwrap_or_default();
    let has = |text: &str, word: &str| {
        text.starts_with(word)
            || text.match_indices(word).any(|(at, _)| {
                let before = text.get(..at).and_then(|before| before.chars().next_back());
                before.is_some_and(|before| !before.is_alphanumeric())
            })
    };
    words
        .iter()
        .all(|word| has(&name, word) || has(&content, word))
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || matches!(media_type, "application/json" | "application/javascript")
}

/// Returns the files of a drive, the last changed first.
///
/// <https://learn.microsoft.com/graph/api/drive-recent>
pub(super) fn recent(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let mut files = graph.tenant.store.many(invocation.id, "items");
    files.retain(|id| !graph.tenant.is_folder(*id));
    let changed = |id: &Id| {
        let file = graph.tenant.store.get(*id);
        let time = file.and_then(|file| file.properties.get("lastModifiedDateTime")?.as_str());
        time.unwrap_or_default().to_owned()
    };
    files.sort_by_key(|id| (changed(id), *id));
    files.reverse();
    graph.result_page(invocation.call, DRIVE_ITEM, files)
}

/// Returns the items of other drives to which the user was invited.
///
/// <https://learn.microsoft.com/graph/api/drive-sharedwithme>
pub(super) fn shared_with_me(
    graph: &mut Graph<'_>,
    invocation: &Invocation<'_>,
) -> Result<Answer, Refusal> {
    let Caller::User(user) = graph.caller else {
        return Err(Refusal::bad_request(
            "The items that are shared with an application are not defined.",
        ));
    };
    let store = &graph.tenant.store;
    let key = store.get(user).map(|user| json!(user.key));
    let granted = store.entities().filter(|(_, entity)| {
        let to = entity.properties.get("grantedToV2");
        entity.kind == "microsoft.graph.permission"
            && to.and_then(|to| to.get("user")?.get("id")) == key.as_ref()
    });
    let mut items: Vec<Id> = granted
        .filter_map(|(_, permission)| permission.parent.as_ref().map(|(item, _)| *item))
        .filter(|item| graph.tenant.drive_of(*item) != Some(invocation.id))
        .collect();
    items.sort_unstable();
    items.dedup();
    let items = items.into_iter().map(|item| remote(graph, item)).collect();
    Ok(graph.answer_value(invocation.call, StatusCode::OK, items))
}

/// Returns an item of another drive, as a user sees it in the own one.
fn remote(graph: &Graph<'_>, id: Id) -> Value {
    let item = graph.renderer().entity(id, DRIVE_ITEM, &Options::default());
    let read = |name: &str| item.get(name);
    let remote = json!({
        "id": read("id"), "name": read("name"), "size": read("size"), "file": read("file"),
        "folder": read("folder"), "webUrl": read("webUrl"), "createdBy": read("createdBy"),
        "lastModifiedBy": read("lastModifiedBy"), "fileSystemInfo": read("fileSystemInfo"),
        "createdDateTime": read("createdDateTime"),
        "lastModifiedDateTime": read("lastModifiedDateTime"),
        "parentReference": read("parentReference"), "shared": read("shared"),
    });
    json!({
        "id": read("id"), "name": read("name"), "size": read("size"), "webUrl": read("webUrl"),
        "createdDateTime": read("createdDateTime"),
        "lastModifiedDateTime": read("lastModifiedDateTime"),
        "remoteItem": without_null(remote),
    })
}
