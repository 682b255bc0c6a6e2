//! Addresses: a server must decode the values that the caller gave.

use arbitrary::Unstructured;
use msgraph::models::Message;
use percent_encoding::percent_decode_str;

use super::{Fault, Outcome, World, printable};
use crate::input::Choices;

pub(super) async fn run(world: &World, bytes: &[u8]) -> Outcome {
    let mut input = Unstructured::new(bytes);
    let (user, folder, text) = (input.text(), input.text(), input.text());
    let call = world
        .graph
        .users()
        .id(&user)
        .mail_folders()
        .id(&folder)
        .messages()
        .list()
        .filter(Message::SUBJECT.eq(text.as_str()))
        .query("own", &text)
        .search(text.as_str());
    let request = match call.into_http() {
        Ok(request) => request,
        Err(error) => return printable(&error),
    };
    let lost = |what: &str| {
        Err((
            Fault::Lost,
            format!(
                "{what}: {} for {:?}",
                request.uri(),
                (&user, &folder, &text)
            ),
        ))
    };
    let uri = request.uri();
    if uri.host() != Some("graph.microsoft.com") {
        return Err((Fault::Leak, format!("another host: {uri}")));
    }
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .ok()
            .map(String::from)
    };
    let segments: Vec<_> = uri.path().split('/').map(decoded).collect();
    let segments: Vec<_> = segments.iter().map(Option::as_deref).collect();
    let wanted = [
        Some(""),
        Some("v1.0"),
        Some("users"),
        Some(user.as_str()),
        Some("mailFolders"),
        Some(folder.as_str()),
        Some("messages"),
    ];
    // Some ids are written as a key, since a segment that begins with `$` is a word of OData's.
    let key = |collection: &str, id: &str| format!("{collection}('{}')", id.replace('\'', "''"));
    let (users, folders) = (key("users", &user), key("mailFolders", &folder));
    let found: Vec<&str> = segments.iter().copied().flatten().collect();
    let is_wanted = segments == wanted
        || Some(found.as_slice())
            .and_then(|rest| rest.strip_prefix(["", "v1.0"].as_slice()))
            .and_then(|rest| without(rest, ["users", &user], &users))
            .and_then(|rest| without(rest, ["mailFolders", &folder], &folders))
            .is_some_and(|rest| rest == ["messages"]);
    if !is_wanted {
        return lost("the path changed");
    }
    let query: Vec<_> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(name, value)| Some((decoded(name)?, decoded(value)?)))
        .collect();
    let value = |name: &str| {
        let mut found = query.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.as_str());
        first.filter(|_| found.next().is_none())
    };
    let filter = format!("subject eq '{}'", text.replace('\'', "''"));
    if value("$filter") != Some(&filter) {
        return lost("the filter changed");
    }
    if value("own") != Some(&text) {
        return lost("the query changed");
    }
    Ok(())
}

/// Returns what follows a collection and its item, which is a segment of its own or a key.
fn without<'s, 't>(rest: &'s [&'t str], plain: [&str; 2], key: &str) -> Option<&'s [&'t str]> {
    match rest {
        [first, second, rest @ ..] if [*first, *second] == plain => Some(rest),
        [first, rest @ ..] if *first == key => Some(rest),
        _ => None,
    }
}
