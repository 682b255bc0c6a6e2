//! Snippets: the Rust for requests, and the obstacles for others.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use msgraph_codegen::{Description, Generated, generate};
use xtask::snippet::Snippets;
use xtask::snippet::report::Report;
use xtask::snippet::request::{Request, parse, read};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn generated() -> &'static Generated<'static> {
    static DESCRIPTION: OnceLock<Description> = OnceLock::new();
    static GENERATED: OnceLock<Generated<'static>> = OnceLock::new();
    GENERATED.get_or_init(|| {
        let description = DESCRIPTION
            .get_or_init(|| Description::read(&root().join("openapi")).expect("openapi/"));
        generate(description).expect("generated")
    })
}

fn written(request: &str) -> String {
    let request = parse(request).expect("a request");
    let snippets = Snippets::new(generated()).expect("snippets");
    match snippets.write(&request).expect("written") {
        Ok(snippet) => [snippet.uses.as_str(), "\n", &snippet.rust]
            .concat()
            .trim_start()
            .to_owned(),
        Err(obstacle) => format!("cannot be written: {obstacle}\n"),
    }
}

#[test]
fn requests_become_idiomatic_rust() {
    let mut all = String::new();
    for request in [
        "GET https://graph.microsoft.com/v1.0/me/messages?$select=id,subject,isRead&$filter=isRead \
         eq false&$top=5",
        "GET /users?$count=true&$search=\"displayName:room\"&$orderby=displayName \
         desc\nConsistencyLevel: eventual\n",
        "GET /groups/1/members/graph.user?$expand=manager($select=id;$levels=2)",
        "GET /me/calendarView?startDateTime=2026-01-01&endDateTime=2026-02-01\nPrefer: \
         outlook.timezone=\"Europe/Oslo\"\n",
        "GET /me/drive/root:/Reports/2026.xlsx:/workbook/worksheets('Sheet1')/\
         range(address='A1:B2')",
        "GET /sites/contoso.sharepoint.com:/teams/hr:/lists",
        "GET /applications(appId='1')",
        "GET /reports/getEmailActivityCounts(period='D7')",
        "GET /users/$count",
        "DELETE /groups/1/members/2/$ref",
        "POST /groups/1/members/$ref\n\n\
         {\"@odata.id\": \"https://graph.microsoft.com/v1.0/users/2\"}",
        "PATCH /users/1\n\n{\"mobilePhone\": null, \"city\": \"Oslo\", \
         \"extension_1_a\": 1, \"birthday\": \"someday\"}",
        "PATCH /planner/tasks/1\nIf-Match: W/\"1\"\n\n{\"percentComplete\": 50}",
        "PUT /me/drive/items/1/content\nContent-Type: text/plain\n\nhello",
        "POST /me/sendMail\n\n{\"message\": {\"subject\": \"Hi\", \"importance\": \"HIGH\", \
         \"body\": {\"contentType\": \"text\", \"content\": \"a\\nb\"}, \"toRecipients\": \
         [{\"emailAddress\": {\"address\": \"a@b.c\"}}], \"attachments\": \
         [{\"@odata.type\": \"#microsoft.graph.fileAttachment\", \"name\": \"a.txt\", \
         \"contentBytes\": \"aGk=\"}]}}",
        "POST /teams\n\n{\"template@odata.bind\": \
         \"https://graph.microsoft.com/v1.0/teamsTemplates('standard')\", \
         \"displayName\": \"A\"}",
        "GET /me/nothing",
        "PUT /me/messages/1",
        "GET https://graph.microsoft.com/beta/me",
        "GET /reports/getEmailActivityUserDetail(date=soon)",
    ] {
        all.push_str(&format!(
            "# {}\n\n{}\n",
            request.replace("\n\n", "\n"),
            written(request)
        ));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_placeholder_stands_for_any_value() {
    let rust =
        written("GET /me/drive/items/{id}/workbook/worksheets/{id}/cell(row={row},column=<n>)");
    assert!(rust.contains(".cell_with_row_column(1, 1)"), "{rust}");
    assert!(rust.contains(".id(\"{id}\")"), "{rust}");
}

fn at_hand(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/graph").join(name);
    if path.exists() {
        return Some(path);
    }
    // The message bypasses the capture of output, so that it is seen.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {name} not found in ../shared/graph"
    );
    None
}

/// Checks that the requests in Graph's documentation and its explorer can be written, and that the
/// table lists all that cannot.
#[test]
fn documented_requests_can_be_written() {
    for (name, wanted) in [
        ("documented-examples.json.xz", 930),
        ("explorer-queries.json", 101),
    ] {
        let Some(path) = at_hand(name) else {
            continue;
        };
        let requests = read(&path).expect("requests");
        assert_eq!(requests.len(), wanted, "{name}");
        let report = Report::write(generated(), requests).expect("a report");
        assert_eq!(report.untold(), Vec::<String>::new());
        let figure = |name: &str| {
            let mut figures = report.figures().into_iter();
            figures
                .find_map(|(of, value)| (of == name).then_some(value))
                .unwrap_or_default()
        };
        let (requests, expressed) = (figure("requests"), figure("expressed"));
        assert!(
            expressed * 100 >= requests * 98,
            "{name}: {expressed} of {requests}"
        );
        assert!(
            figure("mistakes") * 50 <= wanted,
            "{name}: too many mistakes"
        );
    }
}

#[test]
fn table_of_unwritable_requests_is_read() {
    let lines = xtask::snippet::unwritable::table().expect("the table");
    let of = |method: &str, url: &str| Request {
        method: method.into(),
        url: url.into(),
        ..Request::default()
    };
    let speaks = |request: &Request| lines.iter().any(|line| line.is_of(request));
    assert!(speaks(&of(
        "POST",
        "https://graph.microsoft.com/v1.0/applications/1/owners"
    )));
    assert!(!speaks(&of("GET", "/applications/1/owners")));
    assert!(!speaks(&of("POST", "/applications/1/owners/$ref")));
    assert!(speaks(&of(
        "PATCH",
        "/me/drive/items/1/workbook/tables/2/sort/fields/icon"
    )));
}
