//! Content straight into a file.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;

use http::StatusCode;

use super::hash::Check;
use super::partial::{Left, Partial, tag};
use super::range::Part;
use super::stream::{Settings, settings};
use super::{ContentStream, HashKind, Progress};
use crate::call::{Call, Content, Options};
use crate::models::DriveItem;
use crate::transfer::{Backoff, Report};
use crate::{Model, Result};

impl<O: Options> Call<Content, O> {
    /// Takes the content into a file, which is there as a whole or not at all: it is written beside it and renamed in the end,
    /// in place of what may have been there.
    ///
    /// ```no_run
    /// # async fn example(graph: &msgraph::Graph, id: &str) -> msgraph::Result<()> {
    /// let saved = graph.me().drive().items().id(id).content().get().to_file("report.pdf").await?;
    /// println!("{} bytes", saved.bytes);
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_file(self, path: impl Into<PathBuf>) -> ToFile {
        ToFile {
            settings: self.stream().into_settings(),
            path: path.into(),
            resumes: false,
        }
    }
}

/// A download into a file: what [`Call::to_file`] gives. Awaiting it downloads.
///
/// # Errors
///
/// As those of [`ToStream`](super::ToStream), and [`Error::Transfer`](crate::Error::Transfer) when the file cannot be written.
#[must_use = "a download is made when it is awaited"]
pub struct ToFile {
    settings: Result<Settings>,
    path: PathBuf,
    resumes: bool,
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// How many bytes it has.
    pub bytes: u64,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// By which hash the content was verified: [`ToFile::verify`] was asked for, and the item has one.
    pub verified: Option<HashKind>,
}

impl ToFile {
    settings!();

    /// Keeps what came where the download ends before its time, and goes on with it in the next try, after a restart too.
    ///
    /// The file beside it, `.report.pdf.….part`, tells by its name of which version of the content it is; of another
    /// version it is not used. Hosts that tell versions apart in no way cannot be resumed.
    pub fn resume(mut self) -> Self {
        self.resumes = true;
        self
    }

    async fn run(self) -> Result<Saved> {
        let mut settings = self.settings?;
        let left = match self.resumes {
            true => Left::find(&self.path).await?,
            false => None,
        };
        let gone_on = match left {
            Some(left) => go_on(left, &mut settings).await?,
            None => None,
        };
        let (mut content, mut partial) = match gone_on {
            Some(gone_on) => gone_on,
            None => {
                let content = ContentStream::open(settings).await?;
                let tag = tag(content.version()).filter(|_| self.resumes);
                let partial = Partial::new(&self.path, tag).await?;
                (content, partial)
            }
        };
        if let Err(error) = copy(&mut content, &mut partial).await {
            partial.give_up(&error).await;
            return Err(error);
        }
        partial.finish(&self.path).await?;
        Ok(Saved {
            bytes: content.position(),
            content_type: content.content_type().map(str::to_owned),
            verified: content.verified(),
        })
    }
}

/// Asks for the rest of what is left of an earlier try; `None` where that is of no use.
async fn go_on(left: Left, settings: &mut Settings) -> Result<Option<(ContentStream, Partial)>> {
    let rest = Settings {
        way: settings.way.clone(),
        part: Some(Part {
            first: left.length,
            end: None,
        }),
        check: None,
        report: Report::default(),
        backoff: settings.backoff.clone(),
    };
    let mut content = match ContentStream::open(rest).await {
        Ok(content) if left.is_of(content.version()) => content,
        Err(error) if error.status() != Some(StatusCode::RANGE_NOT_SATISFIABLE) => {
            return Err(error);
        }
        _ => {
            left.remove().await?;
            return Ok(None);
        }
    };
    let mut check = settings.check.take();
    let partial = left.open(check.as_mut()).await?;
    content.goes_on(check, std::mem::take(&mut settings.report));
    Ok(Some((content, partial)))
}

async fn copy(content: &mut ContentStream, partial: &mut Partial) -> Result<()> {
    while let Some(piece) = content.try_next().await? {
        partial.write(&piece).await?;
    }
    Ok(())
}

impl IntoFuture for ToFile {
    type Output = Result<Saved>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for ToFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToFile")
            .field("path", &self.path)
            .field("resumes", &self.resumes)
            .finish_non_exhaustive()
    }
}
