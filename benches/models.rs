//! Reading and writing pages of models, compared in the same run with hand-written structs
//! ([`lean`]) and with `serde_json::Value`.
//!
//! Each round measures the three one after the other, so that other load on the machine affects all
//! of them. The best round of each counts. A bench framework would measure one function after the
//! other, and has no ratios.

#[path = "models/lean.rs"]
mod lean;

use std::time::{Duration, Instant};

use msgraph::Model;
use msgraph::models::{DriveItem, Event, Group, Message, User};
use msgraph::page::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const ITEMS: usize = 999;
const ROUNDS: usize = 60;

fn main() {
    let mut figures = Vec::new();
    compare::<User, lean::User>("users", &page("users", user), &mut figures);
    compare::<Message, lean::Message>(
        "messages",
        &page("users('adele')/messages", message),
        &mut figures,
    );
    compare::<DriveItem, lean::DriveItem>(
        "drive_items",
        &page("drives('b!x')/root/children", drive_item),
        &mut figures,
    );
    for (name, size) in [
        ("user", size_of::<User>()),
        ("message", size_of::<Message>()),
        ("drive_item", size_of::<DriveItem>()),
        ("group", size_of::<Group>()),
        ("event", size_of::<Event>()),
    ] {
        println!("size_of {name}: {size} bytes");
        figures.push(format!("size_of_{name} {size}"));
    }
    println!("{}", figures.join(" "));
}

/// Measures a page of `T`, the same page of the hand-written `L`, and the same page as `Value`.
fn compare<T: Model, L: DeserializeOwned + Serialize>(
    name: &str,
    json: &[u8],
    figures: &mut Vec<String>,
) {
    let page: Page<T> = read(json);
    let lean: lean::Page<L> = read(json);
    let written = serde_json::to_vec(&page).expect("JSON");
    let value: Value = read(&written);
    let mut sent = read(json);
    drop_nulls(&mut sent);
    assert!(
        value == sent,
        "{name}: what is written is not what was read"
    );
    drop_annotations(&mut sent);
    let mut of_lean = serde_json::to_value(&lean).expect("JSON");
    drop_annotations(&mut of_lean);
    assert!(of_lean == sent, "{name}: the lean structs lack properties");

    let mut decode = Times::default();
    let mut encode = Times::default();
    let mut buffer = Vec::with_capacity(2 * json.len());
    for _ in 0..ROUNDS {
        decode.model.add(|| read::<Page<T>>(json));
        decode.lean.add(|| read::<lean::Page<L>>(json));
        decode.value.add(|| read::<Value>(json));
        encode.model.add(|| write(&page, &mut buffer));
        encode.lean.add(|| write(&lean, &mut buffer));
        encode.value.add(|| write(&value, &mut buffer));
    }
    for (what, times, bytes) in [
        ("decode", decode, json.len()),
        ("encode", encode, written.len()),
    ] {
        print!("{name} {what}: model {:.0} MB/s", times.model.speed(bytes));
        for (other, best) in [("lean", times.lean), ("value", times.value)] {
            let ratio = best.0.as_secs_f64() / times.model.0.as_secs_f64();
            print!(", {other} {:.0} MB/s ({ratio:.2})", best.speed(bytes));
            figures.push(format!("{name}_{what}_{other} {ratio:.2}"));
        }
        println!();
    }
}

/// Removes nulls, because a model reads `null` as an absent value and writes none.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// Removes annotations, because the hand-written structs have none.
fn drop_annotations(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|name, _| !name.starts_with('@'));
            map.values_mut().for_each(drop_annotations);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_annotations),
        _ => {}
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).expect("JSON of the type")
}

fn write(value: &impl Serialize, buffer: &mut Vec<u8>) {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, value).expect("JSON");
}

#[derive(Default)]
struct Times {
    model: Best,
    lean: Best,
    value: Best,
}

/// The shortest of the measured times.
struct Best(Duration);

impl Default for Best {
    fn default() -> Self {
        Self(Duration::MAX)
    }
}

impl Best {
    /// Runs it once more. The result is dropped after the time has been measured.
    fn add<R>(&mut self, run: impl FnOnce() -> R) {
        let start = Instant::now();
        let result = std::hint::black_box(run());
        self.0 = self.0.min(start.elapsed());
        drop(result);
    }

    fn speed(&self, bytes: usize) -> f64 {
        bytes as f64 / self.0.as_secs_f64() / 1e6
    }
}

/// Returns a page in Graph's form: the default properties of each item, in Graph's order.
fn page(of: &str, item: impl Fn(usize) -> String) -> Vec<u8> {
    let items: Vec<_> = (0..ITEMS).map(item).collect();
    format!(
        concat!(
            r#"{{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#{of}","#,
            r#""@odata.nextLink":"https://graph.microsoft.com/v1.0/{of}?$top=999&"#,
            r#"$skiptoken=RFNwdAIAAQAAABc6","value":[{}]}}"#,
        ),
        items.join(","),
        of = of,
    )
    .into_bytes()
}

const GIVEN: [&str; 7] = [
    "Adele", "Zoë", "Lee", "Isaiah", "Miriam", "Jürgen", "Pradeep",
];
const FAMILY: [&str; 5] = ["Vance", "Gu", "Langer", "Müller-Østergaard", "Graham"];

fn given(n: usize) -> &'static str {
    GIVEN[n % GIVEN.len()]
}

fn family(n: usize) -> &'static str {
    FAMILY[n / GIVEN.len() % FAMILY.len()]
}

/// Returns a unique identifier.
fn guid(n: usize) -> String {
    let spread = (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{:08x}-{:04x}-4{:03x}-b3a4-{spread:012.12x}",
        spread as u32,
        n,
        n % 4096
    )
    .chars()
    .take(36)
    .collect()
}

fn text_or_null(text: &str, is_set: bool) -> String {
    if is_set {
        format!("\"{text}\"")
    } else {
        "null".to_owned()
    }
}

fn user(n: usize) -> String {
    format!(
        concat!(
            r#"{{"businessPhones":[{phones}],"displayName":"{given} {family}","#,
            r#""givenName":"{given}","jobTitle":{title},"mail":"user{n}@contoso.com","#,
            r#""mobilePhone":{mobile},"officeLocation":"18/{n}","preferredLanguage":{language},"#,
            r#""surname":"{family}","userPrincipalName":"user{n}@contoso.com","id":"{id}"}}"#,
        ),
        phones = if n.is_multiple_of(3) {
            ""
        } else {
            "\"+1 425 555 0109\""
        },
        given = given(n),
        family = family(n),
        title = text_or_null("Retail Manager", !n.is_multiple_of(4)),
        mobile = text_or_null("+1 206 555 0110", n.is_multiple_of(2)),
        language = text_or_null("en-US", !n.is_multiple_of(5)),
        id = guid(n),
        n = n,
    )
}

fn message(n: usize) -> String {
    let id = format!(
        "AAMkAGUAAAwTW09AAA{}AQMkADYAAAImV_lAAAA{}=",
        guid(n),
        guid(n + 1)
    );
    let sender = recipient(n);
    let to: Vec<_> = (0..1 + n % 3)
        .map(|other| recipient(n + other + 1))
        .collect();
    // A body in Outlook's form, a few paragraphs long.
    let paragraph = concat!(
        r#"<p class=\"MsoNormal\" style=\"margin:0 0 8pt\">The quarterly figures for the "#,
        r#"northern region are in the attached workbook; please have a look before Thursday’s "#,
        r#"meeting.<o:p></o:p></p>\r\n"#,
    );
    let body = paragraph.repeat(2 + n % 7);
    format!(
        concat!(
            r##"{{"@odata.etag":"W/\"CQAAABYAAADXJdtzKCHDQ7xlWMmV3p{n:04}\"","id":"{id}","##,
            r##""createdDateTime":"2026-03-{day:02}T09:{minute:02}:11Z","##,
            r##""lastModifiedDateTime":"2026-03-{day:02}T09:{minute:02}:42Z","##,
            r##""changeKey":"CQAAABYAAADXJdtzKCHDQ7xlWMmV3p{n:04}","categories":[{category}],"##,
            r##""receivedDateTime":"2026-03-{day:02}T09:{minute:02}:12Z","##,
            r##""sentDateTime":"2026-03-{day:02}T09:{minute:02}:09Z","##,
            r##""hasAttachments":{attachments},"##,
            r##""internetMessageId":"<{guid}@eurprd04.prod.outlook.com>","##,
            r##""subject":"Re: Figures of the {n}th week","##,
            r##""bodyPreview":"The quarterly figures for the northern region are in the "##,
            r##"attached workbook; please have a look before Thursday’s meeting.\r\n","##,
            r##""importance":"normal","##,
            r##""parentFolderId":"AAMkAGUAAAwTW09AAAAuAAAAAADGk3pDHVK1Q4RWZAAAAAAAAAEMAAA=","##,
            r##""conversationId":"AAQkAGUAAAwTW09AAA{guid}=","##,
            r##""conversationIndex":"AQHYWJrWFK9WgKQ7RkaM8xpgq8S13w==","##,
            r##""isDeliveryReceiptRequested":false,"isReadReceiptRequested":false,"##,
            r##""isRead":{read},"isDraft":false,"webLink":"https://outlook.office365.com/owa/?"##,
            r##"ItemID=AAMkAGUAAAwTW09AAA{guid}%3D&exvsurl=1&viewmodel=ReadMessageItem","##,
            r##""inferenceClassification":"focused","body":{{"contentType":"html","##,
            r##""content":"<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/"##,
            r##"html; charset=utf-8\"></head><body>\r\n{body}</body></html>"}},"##,
            r##""sender":{sender},"from":{sender},"toRecipients":[{to}],"ccRecipients":[],"##,
            r##""bccRecipients":[],"replyTo":[],"flag":{{"flagStatus":"notFlagged"}}}}"##,
        ),
        day = 1 + n % 28,
        minute = n % 60,
        category = if n.is_multiple_of(4) {
            "\"Blue category\""
        } else {
            ""
        },
        attachments = n.is_multiple_of(5),
        guid = guid(n),
        read = !n.is_multiple_of(3),
        to = to.join(","),
        body = body,
        id = id,
        n = n,
        sender = sender,
    )
}

fn recipient(n: usize) -> String {
    format!(
        r#"{{"emailAddress":{{"name":"{} {}","address":"user{n}@contoso.com"}}}}"#,
        given(n),
        family(n),
    )
}

fn drive_item(n: usize) -> String {
    let by = format!(
        r#"{{"user":{{"email":"user{n}@contoso.com","id":"{}","displayName":"{} {}"}}}}"#,
        guid(n),
        given(n),
        family(n),
    );
    let facet = if n.is_multiple_of(6) {
        format!(r#""folder":{{"childCount":{}}}"#, n % 40)
    } else {
        format!(
            concat!(
                r#""file":{{"mimeType":"#,
                r#""application/vnd.openxmlformats-officedocument.spreadsheetml.sheet","#,
                r#""hashes":{{"quickXorHash":"kB{n:04}U8ejlGhyWXbMuMRzMh8pQ="}}}}"#,
            ),
            n = n,
        )
    };
    let download = if n.is_multiple_of(6) {
        String::new()
    } else {
        format!(
            concat!(
                r#""@microsoft.graph.downloadUrl":"https://contoso.sharepoint.com/sites/figures/"#,
                r#"_layouts/15/download.aspx?UniqueId={}&Translate=false&tempauth=v1."#,
                r#"eyJzaXRlaWQiOiI{n:08}&ApiVersion=2.0","#,
            ),
            guid(n),
            n = n,
        )
    };
    format!(
        concat!(
            r##"{{{download}"createdDateTime":"2026-02-{day:02}T15:09:52Z","eTag":"\"{{{guid}}},"##,
            r##"2\"","id":"01NKDM7HMOJTVYMDOSXFDK2QJDXCDI3WUK{n:04}","##,
            r##""lastModifiedDateTime":"2026-02-{day:02}T15:09:52Z","name":"Report {n}.xlsx","##,
            r##""webUrl":"https://contoso.sharepoint.com/sites/figures/_layouts/15/Doc.aspx?"##,
            r##"sourcedoc=%7B{guid}%7D&file=Report%20{n}.xlsx&action=default&"##,
            r##"mobileredirect=true","cTag":"\"c:{{{guid}}},3\"","size":{size},"createdBy":{by},"##,
            r##""lastModifiedBy":{by},"parentReference":{{"driveType":"documentLibrary","##,
            r##""driveId":"b!CbtYWrofwUGBJWnaJkNwoNrBLp_kC3RKklSXPwrdeP3yH8_qmH9xT5Y6RODPNfYI","##,
            r##""id":"01NKDM7HN6Y2GOVW7725BZO354PWSELRRZ","name":"Documents","##,
            r##""path":"/drive/root:","siteId":"5a58bb09-1fba-41c1-8125-69da264370a0"}},{facet},"##,
            r##""fileSystemInfo":{{"createdDateTime":"2026-02-{day:02}T15:09:52Z","##,
            r##""lastModifiedDateTime":"2026-02-{day:02}T15:09:52Z"}},"##,
            r##""shared":{{"scope":"users"}}}}"##,
        ),
        day = 1 + n % 28,
        guid = guid(n),
        size = 20_000 + 37 * n,
        by = by,
        download = download,
        facet = facet,
        n = n,
    )
}
