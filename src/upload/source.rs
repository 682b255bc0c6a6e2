//! Where the bytes of an upload come from.

use std::fmt;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::PathBuf;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};

use crate::Result;
use crate::error::{TransferError, TransferErrorKind};

/// What is to be uploaded: bytes, a file, or anything that can be read.
///
/// Of a file or reader one slice at a time is in memory.
///
/// ```no_run
/// use msgraph::upload::Source;
///
/// # async fn example(socket: tokio::io::Empty) -> std::io::Result<()> {
/// let bytes: Source = vec![0; 100].into();
/// let file = Source::file("report.pdf");
/// let open_file: Source = tokio::fs::File::open("report.pdf").await?.into();
/// // A reader that cannot go back has to say how long it is.
/// let reader = Source::reader(socket, 4096);
/// # Ok(())
/// # }
/// ```
pub struct Source(Kind);

enum Kind {
    Bytes(Bytes),
    Path(PathBuf),
    Seekable(Box<dyn ReadSeek>),
    Reader { reader: Box<dyn Read>, length: u64 },
}

trait Read: AsyncRead + Send + Unpin {}
impl<T: AsyncRead + Send + Unpin> Read for T {}

trait ReadSeek: AsyncRead + AsyncSeek + Send + Unpin {}
impl<T: AsyncRead + AsyncSeek + Send + Unpin> ReadSeek for T {}

impl Source {
    /// A file, which is opened when the upload begins.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Path(path.into()))
    }

    /// A reader that gives so many bytes.
    ///
    /// It is read once, from its beginning. Where the service loses a slice that was sent already, an upload from a reader
    /// cannot go on ([`TransferErrorKind::CannotGoBack`]); one that was stored and is taken up again skips what is there.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static, length: u64) -> Self {
        Self(Kind::Reader {
            reader: Box::new(reader),
            length,
        })
    }

    /// A reader that can seek. What it has between its beginning and its end is uploaded, wherever it stands.
    pub fn seekable(reader: impl AsyncRead + AsyncSeek + Send + Unpin + 'static) -> Self {
        Self(Kind::Seekable(Box::new(reader)))
    }

    /// Finds out how long it is.
    pub(super) async fn open(self) -> Result<Slices> {
        let (input, length) = match self.0 {
            Kind::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (Input::Bytes(bytes), length)
            }
            Kind::Path(path) => {
                let file = File::open(path).await.map_err(unreadable)?;
                let length = file.metadata().await.map_err(unreadable)?.len();
                (Input::Seekable(Box::new(file)), length)
            }
            Kind::Seekable(mut reader) => {
                let length = reader.seek(SeekFrom::End(0)).await.map_err(unreadable)?;
                reader.seek(SeekFrom::Start(0)).await.map_err(unreadable)?;
                (Input::Seekable(reader), length)
            }
            Kind::Reader { reader, length } => (Input::Reader(reader), length),
        };
        Ok(Slices {
            input,
            length,
            position: 0,
            held: Bytes::new(),
            start: 0,
        })
    }
}

macro_rules! from_bytes {
    ($($bytes:ty),*) => {$(
        impl From<$bytes> for Source {
            fn from(bytes: $bytes) -> Self {
                Self(Kind::Bytes(bytes.into()))
            }
        }
    )*};
}

from_bytes!(Bytes, Vec<u8>, String, &'static [u8], &'static str);

impl From<File> for Source {
    fn from(file: File) -> Self {
        Self::seekable(file)
    }
}

impl From<std::fs::File> for Source {
    fn from(file: std::fs::File) -> Self {
        File::from_std(file).into()
    }
}

/// The kind, and no content.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Source");
        match &self.0 {
            Kind::Bytes(bytes) => tuple.field(&bytes.len()),
            Kind::Path(path) => tuple.field(path),
            Kind::Seekable(_) => tuple.field(&"seekable"),
            Kind::Reader { length, .. } => tuple.field(length),
        };
        tuple.finish()
    }
}

/// A source that gives slices from wherever they are asked for, and holds the last one.
pub(super) struct Slices {
    input: Input,
    length: u64,
    /// Where the reader stands.
    position: u64,
    /// What was given last, and where it begins: it may be wanted again, in part.
    held: Bytes,
    start: u64,
}

enum Input {
    Bytes(Bytes),
    Seekable(Box<dyn ReadSeek>),
    Reader(Box<dyn Read>),
}

impl Slices {
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The bytes of a range that lies within the length.
    pub(super) async fn get(&mut self, range: &Range<u64>) -> Result<Bytes> {
        if let Input::Bytes(bytes) = &self.input {
            return Ok(bytes.slice(index(range.start)..index(range.end)));
        }
        let held = self.start..self.start + self.held.len() as u64;
        if held != *range {
            let kept =
                range.start.clamp(held.start, held.end)..range.end.clamp(held.start, held.end);
            let kept = match kept.start == range.start {
                true => self
                    .held
                    .slice(index(kept.start - held.start)..index(kept.end - held.start)),
                false => Bytes::new(),
            };
            // Before the next is read, so that there are never two of them in memory.
            self.held = Bytes::new();
            self.held = self.read(range, kept).await?;
            self.start = range.start;
        }
        Ok(self.held.clone())
    }

    /// A range whose beginning is known already.
    async fn read(&mut self, range: &Range<u64>, known: Bytes) -> Result<Bytes> {
        let wanted = index(range.end - range.start);
        if known.len() == wanted {
            return Ok(known);
        }
        let mut slice = BytesMut::with_capacity(wanted);
        slice.extend_from_slice(&known);
        drop(known);
        self.go_to(range.start + slice.len() as u64).await?;
        while slice.len() < wanted {
            let room = wanted - slice.len();
            let mut rest = (&mut slice).limit(room);
            let read = match &mut self.input {
                Input::Bytes(_) => Ok(0),
                Input::Seekable(reader) => reader.read_buf(&mut rest).await,
                Input::Reader(reader) => reader.read_buf(&mut rest).await,
            };
            match read.map_err(unreadable)? {
                0 => return Err(self.too_short()),
                read => self.position += read as u64,
            }
        }
        Ok(slice.freeze())
    }

    async fn go_to(&mut self, place: u64) -> Result<()> {
        if place == self.position {
            return Ok(());
        }
        match &mut self.input {
            Input::Bytes(_) => {}
            Input::Seekable(reader) => {
                reader
                    .seek(SeekFrom::Start(place))
                    .await
                    .map_err(unreadable)?;
            }
            Input::Reader(_) if place < self.position => {
                return Err(TransferError::new(
                    TransferErrorKind::CannotGoBack,
                    format!(
                        "the service wants the bytes from {place} on again, and the reader, which cannot go back, is at {}",
                        self.position
                    ),
                )
                .into());
            }
            Input::Reader(reader) => {
                let mut passed = reader.take(place - self.position);
                self.position += tokio::io::copy(&mut passed, &mut tokio::io::sink())
                    .await
                    .map_err(unreadable)?;
                if self.position < place {
                    return Err(self.too_short());
                }
            }
        }
        self.position = place;
        Ok(())
    }

    fn too_short(&self) -> crate::Error {
        TransferError::new(
            TransferErrorKind::Source,
            format!(
                "what is to be uploaded ended after {} bytes of {}",
                self.position, self.length
            ),
        )
        .into()
    }
}

/// A place in memory; what is there is never longer than memory.
fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn unreadable(error: std::io::Error) -> crate::Error {
    TransferError::io(
        TransferErrorKind::Source,
        "what is to be uploaded cannot be read",
        error,
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const TEXT: &[u8] = b"0123456789abcdef";

    async fn kinds() -> Vec<(&'static str, Slices)> {
        let mut kinds = Vec::new();
        for (name, source) in [
            ("bytes", Source::from(TEXT)),
            ("seekable", Source::seekable(Cursor::new(TEXT))),
            ("reader", Source::reader(TEXT, TEXT.len() as u64)),
        ] {
            kinds.push((name, source.open().await.unwrap()));
        }
        kinds
    }

    #[tokio::test]
    async fn slices_from_anywhere_on() {
        for (name, mut slices) in kinds().await {
            assert_eq!(slices.length(), 16, "{name}");
            for range in [0..4, 0..4, 2..8, 5..6, 10..16] {
                let wanted = &TEXT[range.start as usize..range.end as usize];
                assert_eq!(slices.get(&range).await.unwrap(), wanted, "{name}");
            }
            // What is held cannot help any more.
            match (name, slices.get(&(0..3)).await) {
                ("reader", Err(crate::Error::Transfer(error))) => {
                    assert_eq!(error.kind(), TransferErrorKind::CannotGoBack);
                }
                (_, slice) => assert_eq!(slice.unwrap(), &TEXT[..3], "{name}"),
            }
        }
    }

    #[tokio::test]
    async fn a_source_that_is_too_short_says_so() {
        let mut slices = Source::reader(TEXT, 20).open().await.unwrap();
        for range in [12..20, 18..20] {
            let error = slices.get(&range).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "what is to be uploaded ended after 16 bytes of 20"
            );
        }
        let error = Source::file("/nowhere").open().await.err().unwrap();
        assert!(
            error
                .to_string()
                .starts_with("what is to be uploaded cannot be read"),
            "{error}"
        );
    }
}
