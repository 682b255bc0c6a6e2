//! Downloads into a file.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;

use http::StatusCode;

use super::partial::{Left, Partial, tag};
use super::range::Part;
use super::stream::{Settings, settings};
use super::target::Target;
use super::{ContentStream, HashKind, Progress};
use crate::Result;
use crate::call::{Call, Content, Options};
use crate::transfer::{BoundedRetries, Report};

impl<O: Options> Call<Content, O> {
    /// Saves the content to a file. The file gets the whole content, or stays as it was.
    ///
    /// The content is written to a new file in the same folder, which replaces the old one at the
    /// end. On Unix, the new file gets the mode of the old one, and its owner and group if the
    /// program may set them. Access control lists and extended attributes are not copied. If the
    /// path is a symbolic link, the link stays and its target is replaced.
    ///
    /// Several downloads to one path at the same time do not mix. The last one to finish replaces
    /// the results of the others.
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

/// A download into a file, returned by [`Call::to_file`]. Awaiting it downloads the content.
///
/// # Errors
///
/// Returns the errors of [`ToStream`](super::ToStream), and
/// [`Error::Transfer`](crate::Error::Transfer) of one of these kinds:
///
/// - [`Target`](crate::error::TransferErrorKind::Target) if the file cannot be written, or the path
///   is a directory, a device or a named pipe. It is also returned if the path is a link without an
///   existing target.
/// - [`Busy`](crate::error::TransferErrorKind::Busy) if another download with
///   [`resume`](Self::resume) is writing the same file.
/// - [`SizeMismatch`](crate::error::TransferErrorKind::SizeMismatch) if another program changed the
///   unfinished file.
#[must_use = "a download does nothing unless it is awaited"]
pub struct ToFile {
    settings: Result<Settings>,
    path: PathBuf,
    resumes: bool,
}

/// The result of a download into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The number of bytes in the file.
    pub bytes: u64,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The kind of the hash that verified the content. It is set if [`ToFile::verify`] was called
    /// and the item has a hash.
    pub verified: Option<HashKind>,
}

impl ToFile {
    settings!();

    /// Keeps the bytes that arrived if the download ends early, and continues with them next time,
    /// even after a restart.
    ///
    /// The name of the unfinished file, `.report.pdf.….part`, identifies the version of its
    /// content. It is not used for another version. Downloads from hosts that do not identify
    /// versions cannot be resumed.
    ///
    /// Only one download at a time writes an unfinished file, across all processes of the machine.
    /// Another one fails with [`Busy`](crate::error::TransferErrorKind::Busy) after a second. The
    /// system releases the lock when a process ends, so a crash does not block later downloads. On
    /// a file system without locks, the download fails.
    pub fn resume(mut self) -> Self {
        self.resumes = true;
        self
    }

    async fn run(self) -> Result<Saved> {
        let mut settings = self.settings?;
        settings.way.expected.note_target(&self.path);
        let target = Target::resolve(&self.path).await?;
        // The bytes of the finished file are verified, not the bytes in transit.
        let check = settings.check.take();
        let left = match self.resumes {
            true => Left::find(&target).await?,
            false => None,
        };
        let gone_on = match left {
            Some(left) => go_on(left, &target, &mut settings).await?,
            None => None,
        };
        let (mut content, mut partial) = match gone_on {
            Some(gone_on) => gone_on,
            None => {
                let content = ContentStream::open(settings).await?;
                let tag = tag(content.version()).filter(|_| self.resumes);
                let partial = Partial::new(&target, tag).await?;
                (content, partial)
            }
        };
        if let Err(error) = copy(&mut content, &mut partial).await {
            partial.give_up(&error).await;
            return Err(error);
        }
        let verified = partial.finish(&target, content.position(), check).await?;
        Ok(Saved {
            bytes: content.position(),
            content_type: content.content_type().map(str::to_owned),
            verified,
        })
    }
}

/// Requests the rest of an unfinished file of an earlier attempt; returns `None` where that file is
/// not usable.
async fn go_on(
    left: Left,
    target: &Target,
    settings: &mut Settings,
) -> Result<Option<(ContentStream, Partial)>> {
    let rest = Settings {
        way: settings.way.clone(),
        part: Some(Part {
            first: left.length,
            end: None,
        }),
        check: None,
        report: Report::default(),
        retries: settings.retries.clone(),
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
    let partial = left.open(target).await?;
    content.goes_on(std::mem::take(&mut settings.report));
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
