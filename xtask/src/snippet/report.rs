//! The snippets for a list of requests, and their results.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use msgraph_codegen::Generated;
use serde_json::{Value, json};

use super::request::Request;
use super::run::{self, Outcome};
use super::unwritable::{self, Kind, Line};
use super::{Obstacle, Snippet, Snippets};

/// The requests, in their order.
pub struct Report {
    items: Vec<Item>,
    /// `true` if the snippets were run.
    is_run: bool,
}

struct Item {
    request: Request,
    written: std::result::Result<Snippet, Obstacle>,
    /// The matching line of the table, if the request cannot be written or Graph would not accept
    /// it.
    line: Option<Line>,
    outcome: Outcome,
    /// The response's type according to the file, if the call returns another type that it does not
    /// derive from.
    wrong_type: Option<String>,
}

impl Item {
    fn is_mistake(&self) -> bool {
        self.line
            .as_ref()
            .is_some_and(|line| line.kind == Kind::Mistake)
    }

    /// Returns whether everything that can be checked is right.
    fn is_right(&self) -> bool {
        let Outcome {
            not_compiled,
            sent_wrong,
            answer_lost,
        } = &self.outcome;
        self.written.is_ok()
            && [not_compiled, sent_wrong, answer_lost]
                .iter()
                .all(|of| of.is_none())
    }
}

impl Report {
    /// Writes the snippets.
    ///
    /// # Errors
    ///
    /// Fails if the description has a type that the generator does not know.
    pub fn write(generated: &Generated<'_>, requests: Vec<Request>) -> Result<Self> {
        let snippets = Snippets::new(generated)?;
        let table = unwritable::table()?;
        let items = requests
            .into_iter()
            .map(|request| {
                let written = snippets.write(&request)?;
                let line = table.iter().find(|line| line.is_of(&request)).cloned();
                let wrong_type = written.as_ref().ok().and_then(|snippet| {
                    let declared = snippet.answer_type.as_deref()?;
                    let answered = request.answer_type.as_deref()?;
                    let inner = answered.strip_prefix("Collection(");
                    let answered = inner
                        .and_then(|of| of.strip_suffix(')'))
                        .unwrap_or(answered);
                    (!snippets.are_related(declared, answered)).then(|| answered.to_owned())
                });
                Ok(Item {
                    request,
                    written,
                    line,
                    outcome: Outcome::default(),
                    wrong_type,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            items,
            is_run: false,
        })
    }

    /// Compiles and runs the snippets, except for mistakes.
    ///
    /// # Errors
    ///
    /// Fails if the program cannot be run.
    pub fn run(&mut self, root: &Path) -> Result<()> {
        let snippets: BTreeMap<usize, Snippet> = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, item)| !item.is_mistake())
            .filter_map(|(number, item)| Some((number, item.written.as_ref().ok()?.clone())))
            .collect();
        let requests: Vec<Request> = self.items.iter().map(|item| item.request.clone()).collect();
        for (number, outcome) in run::run(root, &requests, &snippets)? {
            if let Some(item) = self.items.get_mut(number) {
                item.outcome = outcome;
            }
        }
        self.is_run = true;
        Ok(())
    }

    /// Returns the names and values of the counts.
    pub fn figures(&self) -> Vec<(&'static str, usize)> {
        let count = |is: &dyn Fn(&Item) -> bool| {
            let items = self.items.iter().filter(|item| !item.is_mistake());
            items.filter(|item| is(item)).count()
        };
        let expressed = |item: &Item| item.written.is_ok();
        let compiled = |item: &Item| expressed(item) && item.outcome.not_compiled.is_none();
        let answered = |item: &Item| compiled(item) && item.request.answer.is_some();
        let mut figures = vec![
            ("requests", count(&|_| true)),
            ("expressed", count(&expressed)),
        ];
        if self.is_run {
            figures.extend([
                ("compiled", count(&compiled)),
                (
                    "sent_right",
                    count(&|item| compiled(item) && item.outcome.sent_wrong.is_none()),
                ),
                ("answers", count(&answered)),
                (
                    "answers_lossless",
                    count(&|item| answered(item) && item.outcome.answer_lost.is_none()),
                ),
            ]);
        }
        figures.push(("types_differ", count(&|item| item.wrong_type.is_some())));
        figures.push((
            "mistakes",
            self.items.iter().filter(|item| item.is_mistake()).count(),
        ));
        figures
    }

    /// Returns the requests that cannot be written and are missing from the table, and those that
    /// the table lists needlessly.
    pub fn untold(&self) -> Vec<String> {
        let items = self.items.iter();
        items
            .filter_map(|item| match (&item.written, &item.line) {
                (Err(obstacle), None) => Some(format!("{}: {obstacle}", shown(&item.request))),
                (Ok(_), Some(line)) if line.kind == Kind::Missing => {
                    Some(format!("{} can be written", shown(&item.request)))
                }
                _ => None,
            })
            .collect()
    }

    /// Returns each snippet, or the reason why there is none, then the figures.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for item in &self.items {
            let is_one = self.items.len() == 1;
            if !is_one {
                let _ = writeln!(out, "// {}", shown(&item.request));
            }
            if let Some(line) = &item.line {
                let _ = writeln!(out, "// {}", line.reason);
            }
            match &item.written {
                Ok(snippet) => {
                    let Snippet { uses, rust, .. } = snippet;
                    let between = if uses.is_empty() { "" } else { "\n" };
                    let _ = write!(out, "{uses}{between}{rust}");
                }
                Err(obstacle) => {
                    let _ = writeln!(out, "// cannot be written: {obstacle}");
                }
            }
            let Outcome {
                not_compiled,
                sent_wrong,
                answer_lost,
            } = &item.outcome;
            for (what, why) in [
                ("not compiled", not_compiled),
                ("sent wrong", sent_wrong),
                ("response lost", answer_lost),
                ("wrong response type", &item.wrong_type),
            ] {
                if let Some(why) = why {
                    let _ = writeln!(out, "// {what}: {}", why.replace('\n', "\n//   "));
                }
            }
            out.push('\n');
        }
        let figures = self.figures();
        let figures: Vec<_> = figures
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let _ = writeln!(out, "{}", figures.join(" "));
        out
    }

    /// Returns the same report for programs.
    ///
    /// # Errors
    ///
    /// No error is known, because the output is text.
    pub fn to_json(&self) -> Result<String> {
        let items: Vec<Value> = self
            .items
            .iter()
            .map(|item| {
                json!({
                    "method": item.request.method,
                    "url": item.request.url,
                    "page": item.request.page,
                    "uses": item.written.as_ref().ok().map(|snippet| &snippet.uses),
                    "rust": item.written.as_ref().ok().map(|snippet| &snippet.rust),
                    "obstacle": item.written.as_ref().err().map(ToString::to_string),
                    "mistake": item.is_mistake(),
                    "reason": item.line.as_ref().map(|line| &line.reason),
                    "not_compiled": item.outcome.not_compiled,
                    "sent_wrong": item.outcome.sent_wrong,
                    "answer_lost": item.outcome.answer_lost,
                    "answer_type": item.wrong_type,
                    "right": item.is_right(),
                })
            })
            .collect();
        let figures: BTreeMap<_, _> = self.figures().into_iter().collect();
        Ok(serde_json::to_string_pretty(
            &json!({ "figures": figures, "requests": items }),
        )?)
    }
}

fn shown(request: &Request) -> String {
    format!(
        "{} {}",
        request.method,
        request.url.lines().next().unwrap_or_default()
    )
}
