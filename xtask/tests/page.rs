//! The search page, in a real browser.
//!
//! Each test starts Chromium and its driver (`chromedriver`, Debian's package chromium-driver).
//! Without a driver, the tests are skipped and print a message. If `MSGRAPH_BROWSER` is set, they
//! fail instead.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use xtask::find::{Details, Index, METHODS, search};
use xtask::page::page;

const LARGEST: usize = 3_000_000;

fn index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
        Index::read(&folder).expect("openapi/")
    })
}

fn text() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| page(index(), "", "A test & no more.").expect("a page"))
}

#[test]
fn the_page_is_one_small_file() {
    let text = text();
    assert!(text.len() <= LARGEST, "{} bytes", text.len());
    assert!(!text.contains("{{"), "a placeholder is left");
    for outside in ["src=", "<link", "@import", "url(", "fetch(", "import("] {
        assert!(!text.contains(outside), "{outside}");
    }
    assert!(text.contains("A test &amp; no more."));
    assert_eq!(text.matches("</script>").count(), 2);
}

/// A browser with the page open, from a file.
struct Browser {
    client: Client,
    driver: Child,
    // The folder is deleted when the test ends.
    _folder: TempDir,
    page: PathBuf,
}

impl Browser {
    /// Starts a browser. Returns `None` if there is no browser, and none is required.
    async fn start(width: u32) -> Option<Self> {
        let mut driver = match Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
        {
            Ok(driver) => driver,
            Err(error) if std::env::var_os("MSGRAPH_BROWSER").is_none() => {
                println!(
                    "skipped: chromedriver does not start ({error}); MSGRAPH_BROWSER=1 makes that \
                     an error"
                );
                return None;
            }
            Err(error) => panic!("chromedriver does not start: {error}"),
        };
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("text").expect("a port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // The rest of the driver's output must be read.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

        let folder = tempdir().expect("a folder");
        let page = folder.path().join("find.html");
        std::fs::write(&page, text()).expect("written");
        let profile = folder.path().join("profile");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let options = json!({
            "args": arguments,
            "mobileEmulation": {
                "deviceMetrics": { "width": width, "height": 800, "pixelRatio": 1.0,
                    "mobile": false },
            },
        });
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
            unreachable!("an object");
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        let browser = Self {
            client,
            driver,
            _folder: folder,
            page,
        };
        browser.open("").await.expect("the page");
        Some(browser)
    }

    async fn open(&self, fragment: &str) -> Result<(), CmdError> {
        let address = format!("file://{}{fragment}", self.page.display());
        // A different fragment alone would not reload the page.
        self.client.goto("about:blank").await?;
        self.client.goto(&address).await
    }

    async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value, CmdError> {
        self.client.execute(script, arguments).await
    }

    /// Presses keys, with the current focus.
    async fn press(&self, keys: &str) -> Result<(), CmdError> {
        self.client.active_element().await?.send_keys(keys).await
    }

    async fn texts(&self, selector: &str) -> Result<Vec<String>, CmdError> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map((of) => of.textContent)";
        let texts = self.script(script, vec![json!(selector)]).await?;
        let texts = texts.as_array().cloned().unwrap_or_default();
        Ok(texts
            .iter()
            .filter_map(Value::as_str)
            .map(String::from)
            .collect())
    }

    async fn first(&self) -> Result<String, CmdError> {
        Ok(self
            .texts("#results > li:first-child code")
            .await?
            .remove(0))
    }

    /// Waits until a script returns `true`.
    async fn until(&self, script: &str) {
        for _ in 0..200 {
            if self.script(script, Vec::new()).await.expect("it runs") == json!(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {script}");
    }
}

/// Runs a test in a browser with a window of this width.
fn in_browser<F: Future<Output = Result<(), CmdError>>>(
    width: u32,
    test: impl FnOnce(std::rc::Rc<Browser>) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let Some(browser) = Browser::start(width).await else {
            return;
        };
        let browser = std::rc::Rc::new(browser);
        let done = test(browser.clone()).await;
        if let Ok(Browser {
            client, mut driver, ..
        }) = std::rc::Rc::try_unwrap(browser)
        {
            client.close().await.expect("it ends");
            driver.kill().await.expect("it ends");
        }
        done.expect("the browser does as it is told");
    });
}

#[test]
fn typing_shows_results() {
    in_browser(1000, |browser| async move {
        // The field has the focus, and is named by its label.
        browser.press("mailFolders messages").await?;
        let found = "graph.me().mail_folders().id(mail_folder_id).messages().list()";
        assert_eq!(browser.first().await?, found);
        let field = browser.client.active_element().await?;
        assert_eq!(field.attr("id").await?.as_deref(), Some("query"));
        let labels = browser
            .script(
                "return document.getElementById('query').labels.length",
                Vec::new(),
            )
            .await?;
        assert_eq!(labels, 1);
        let status = browser.texts("#status").await?;
        assert!(status[0].ends_with(" expressions."), "{status:?}");
        let text = browser.texts("#results > li:first-child").await?.remove(0);
        for part in [
            "GET",
            "/me/mailFolders/{mailFolder-id}/messages",
            "Mail.ReadBasic",
            // `/me` has no meaning for an application.
            "not supported",
            "Not available in GovSG.",
            "MeMessages::list",
            "other paths",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        // The address leads to the same results.
        browser
            .until("return location.hash === '#q=mailFolders%20messages'")
            .await;
        browser.press("zzz").await?;
        assert_eq!(browser.texts("#results li").await?.len(), 0);
        let status = browser.texts("#status").await?;
        assert!(status[0].starts_with("Nothing found."), "{status:?}");
        Ok(())
    });
}

#[test]
fn page_is_usable_by_keyboard() {
    in_browser(1000, |browser| async move {
        browser.open("#q=Mail.Send").await?;
        let down = Key::Down.to_string();
        browser.press(&down).await?;
        browser.press(&down).await?;
        let second =
            "return document.activeElement === document.getElementById('results').children[1]";
        assert_eq!(browser.script(second, Vec::new()).await?, true);
        browser.press(&Key::Up.to_string()).await?;
        browser.press(&Key::Enter.to_string()).await?;
        browser
            .until("return document.querySelector('.copy').textContent === 'Copied'")
            .await;
        // Moves from a result to the field, and pastes the copied text there.
        browser.press("/").await?;
        let expression = browser.first().await?;
        let control = Key::Control.to_string();
        browser.press(&format!("{control}a")).await?;
        browser.press(&format!("{control}v")).await?;
        let value = browser
            .script("return document.getElementById('query').value", Vec::new())
            .await?;
        assert_eq!(value, expression.as_str());
        browser.press(&Key::Escape.to_string()).await?;
        assert_eq!(browser.texts("#results li").await?.len(), 0);
        Ok(())
    });
}

#[test]
fn links_open_searches_and_documentation() {
    in_browser(1000, |browser| async move {
        browser
            .open("#q=GET%20%2Fme%2Fmessages%3F%24top%3D5")
            .await?;
        assert_eq!(browser.first().await?, "graph.me().messages().list()");
        let links = "return [...document.querySelectorAll('#results > li:first-child .links \
            a')].map((of) => of.getAttribute('href'))";
        assert_eq!(
            browser.script(links, Vec::new()).await?,
            json!([
                "nodes/struct.MeMessages.html#method.list",
                "models/struct.Message.html"
            ])
        );
        // A suggestion is a link to a query on the same page.
        let suggestion = browser.client.find(Locator::Css("#help a")).await?;
        suggestion.click().await?;
        browser
            .until("return document.getElementById('query').value === 'mailFolders messages'")
            .await;
        let summary = Locator::Css("#results > li:first-child .others > summary");
        browser.client.find(summary).await?.click().await?;
        browser
            .until("return document.querySelectorAll('.others li').length > 0")
            .await;
        let others = browser.texts(".others li .path").await?;
        assert_eq!(
            others[0],
            "/users/{user-id}/mailFolders/{mailFolder-id}/messages"
        );
        Ok(())
    });
}

#[test]
fn page_fits_a_telephone() {
    in_browser(360, |browser| async move {
        browser.open("#q=workbook").await?;
        let wider = "const { scrollWidth, clientWidth } = document.documentElement; return \
            scrollWidth - clientWidth";
        assert_eq!(browser.script(wider, Vec::new()).await?, 0);
        assert_eq!(browser.texts("#results > li").await?.len(), 40);
        browser
            .client
            .find(Locator::Id("more"))
            .await?
            .click()
            .await?;
        assert!(browser.texts("#results > li").await?.len() > 40);
        Ok(())
    });
}

/// Checks that the page has all paths and expressions of the generator, which the page builds by
/// itself.
#[test]
fn the_page_has_every_expression() {
    in_browser(1000, |browser| async move {
        let script = "return index.operations.map((of) => {
            const { path, rust, needs, missing } = index.details({ operation: of });
            return [of.call.http, path, rust, needs?.[0].least.join(), missing.join()].join(' ');
        })";
        let theirs = browser.script(script, Vec::new()).await?;
        let theirs = theirs.as_array().expect("a list");
        assert_eq!(theirs.len(), index().operations.len());
        for (number, theirs) in theirs.iter().enumerate() {
            let operation = index().operations[number];
            let call = index().call(number);
            let route = index().route(&index().way(operation.place), call);
            let facts = &index().facts[operation.facts];
            let least = facts
                .permissions
                .iter()
                .flat_map(|of| &of.delegated_work.least);
            let least: Vec<_> = least.map(ToString::to_string).collect();
            let missing = facts.clouds.iter().flat_map(|of| of.missing());
            let missing: Vec<_> = missing.map(|cloud| cloud.short_name()).collect();
            let ours = [
                call.http,
                route.path(),
                route.rust(),
                &least.join(","),
                &missing.join(","),
            ];
            assert_eq!(theirs.as_str(), Some(ours.join(" ").as_str()));
        }
        Ok(())
    });
}

/// Checks that the page's copy of the search rules returns the same results for the same queries.
#[test]
fn the_page_finds_what_the_command_finds() {
    let mut questions: Vec<String> = [
        "mailFolders messages",
        "mail_folders",
        "send mail",
        "users",
        "delete users",
        "DELETE users",
        "m",
        "me",
        "Mail.Read",
        "mail.sen",
        "messages Mail.Read",
        "POST teams Channel.Create",
        "chatMessage teams list",
        "permission",
        "graph.users().id(user_id).messages().list()",
        "/me/messages",
        "GET /me/messages?$top=5",
        "post /me/sendMail",
        "GET /me/sendMail",
        "/me/mess",
        "/me/drive/root:/a/b.txt:/content",
        "/drives/1/items/2:/x:/children",
        "/me/drive/items/1/workbook/worksheets/2/tables/add",
        "/sites/contoso.sharepoint.com:/sites/a:/lists",
        "https://graph.microsoft.com/v1.0/users/adele@contoso.com/messages/AAMk=",
        "/users('adele@contoso.com')/events",
        "/applications(appId='1')",
        "GET /me/reminderView(endDateTime='2026-01-02T03:04',startDateTime='2026/01/01')",
        "/users/microsoft.graph.delta()",
        "/groups/1/members/microsoft.graph.user",
        "/me/folders/{id}/messages",
        "/no/such/thing",
        "größe Ünïcode",
        "''((",
        "/:/:/(",
        "",
    ]
    .map(String::from)
    .into();
    // A sample of all paths is added.
    let sample = (0..index().operations.len()).step_by(997);
    questions.extend(sample.map(|number| {
        let way = index().way(index().operations[number].place);
        let route = index().route(&way, index().call(number));
        format!("{} {}", METHODS[number % METHODS.len()], route.path())
    }));
    in_browser(1000, |browser| async move {
        let script = "return arguments[0].map((question) => {
            const { groups, operations, instead } = index.search(question);
            const best = groups.slice(0, 200).map(({ best, others }) => {
                const { call, path, rust, needs } = index.details(best);
                return [call.http, path, rust, needs !== null, others.length].join(' ');
            });
            return [operations, groups.length, instead ?? '', ...best].join('\\n');
        })";
        let theirs = browser.script(script, vec![json!(questions)]).await?;
        for (question, theirs) in questions.iter().zip(theirs.as_array().expect("a list")) {
            let found = search(index(), question);
            let instead = found.instead.map(|instead| json!(instead));
            let mut ours = vec![
                found.operations().to_string(),
                found.groups.len().to_string(),
                instead
                    .as_ref()
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
            ];
            ours.extend(found.groups.iter().take(200).map(|group| {
                let details = Details::new(index(), &group.best);
                let has_needs = details.permissions.is_some();
                let Details {
                    method,
                    path,
                    expression,
                    ..
                } = details;
                format!(
                    "{method} {path} {expression} {has_needs} {}",
                    group.others.len()
                )
            }));
            assert_eq!(
                theirs.as_str(),
                Some(ours.join("\n").as_str()),
                "{question}"
            );
        }
        Ok(())
    });
}

/// Prints the search times for benches/README.md. The test does not check the times, because they
/// differ from machine to machine.
#[test]
fn the_page_measures_how_long_it_searches() {
    in_browser(1000, |browser| async move {
        for question in ["mailFolders messages", "Mail.Read", "/me/messages", "m"] {
            let script = "const times = [];
                for (let round = 0; round < 21; round++) {
                    const start = performance.now();
                    index.search(arguments[0]);
                    times.push(performance.now() - start);
                }
                return [times[0], times.sort((a, b) => a - b)[10]]";
            let times = browser.script(script, vec![json!(question)]).await?;
            let times: Vec<f64> = serde_json::from_value(times).expect("figures");
            assert!(times.iter().all(|time| time.is_finite()));
            println!(
                "{question}: {:.1} ms at first, {:.1} ms as the median of 21",
                times[0], times[1]
            );
        }
        Ok(())
    });
}
