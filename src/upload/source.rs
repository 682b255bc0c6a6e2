//! The sources of the bytes of an upload.

use std::fmt;
use std::fs::FileType;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::PathBuf;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};

use crate::Result;
use crate::error::{TransferError, TransferErrorKind};
use crate::transfer::name_of;

/// The content of an upload: bytes, a file, or any reader.
///
/// One slice of a file or reader is in memory at a time.
///
/// A file must be a regular file that keeps its length during the upload. Directories, devices and
/// named pipes are refused. Files of length 0 that have content, such as those of `/proc`, are
/// refused as well: read these into memory, and upload the bytes. An upload fails before it ends if
/// the file becomes longer or shorter meanwhile.
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
    File(File),
    Seekable(Box<dyn ReadSeek>),
    Reader { reader: Box<dyn Read>, length: u64 },
}

trait Read: AsyncRead + Send + Unpin {}
impl<T: AsyncRead + Send + Unpin> Read for T {}

trait ReadSeek: AsyncRead + AsyncSeek + Send + Unpin {}
impl<T: AsyncRead + AsyncSeek + Send + Unpin> ReadSeek for T {}

impl Source {
    /// Creates a source from a regular file, which is opened when the upload begins.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Path(path.into()))
    }

    /// Creates a source from a reader that gives this number of bytes.
    ///
    /// The reader is read once, from its beginning. If the service loses a slice that was already
    /// sent, an upload from a reader fails ([`TransferErrorKind::CannotGoBack`]). An upload that
    /// continues a stored session skips the bytes that the service has.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static, length: u64) -> Self {
        Self(Kind::Reader {
            reader: Box::new(reader),
            length,
        })
    }

    /// Creates a source from a reader that can seek. The upload has all bytes from its beginning to
    /// its end, regardless of its current position.
    pub fn seekable(reader: impl AsyncRead + AsyncSeek + Send + Unpin + 'static) -> Self {
        Self(Kind::Seekable(Box::new(reader)))
    }

    /// Determines the length of the source.
    pub(super) async fn open(self) -> Result<Slices> {
        let (input, length) = match self.0 {
            Kind::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (Input::Bytes(bytes), length)
            }
            Kind::Path(path) => {
                // Checks before opening, because opening a named pipe waits for a writer.
                let found = tokio::fs::metadata(&path).await.map_err(unreadable)?;
                only_regular(found.file_type())?;
                of_file(File::open(path).await.map_err(unreadable)?).await?
            }
            Kind::File(file) => of_file(file).await?,
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

/// Takes a file from its beginning, regardless of its current position.
async fn of_file(mut file: File) -> Result<(Input, u64)> {
    let metadata = file.metadata().await.map_err(unreadable)?;
    only_regular(metadata.file_type())?;
    file.rewind().await.map_err(unreadable)?;
    let length = metadata.len();
    if length == 0 && file.read(&mut [0]).await.map_err(unreadable)? > 0 {
        let message = "the file to upload reports a length of 0 but has content, as files in \
                       `/proc` do: read it, and upload the bytes";
        return Err(TransferError::new(TransferErrorKind::Source, message).into());
    }
    Ok((Input::Seekable(Box::new(file)), length))
}

/// Checks that a file is a regular file.
///
/// # Errors
///
/// Returns [`TransferErrorKind::Source`] for every other kind of file: only regular files have a
/// length.
fn only_regular(kind: FileType) -> Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let message = format!(
        "the file to upload is {}, not a regular file",
        name_of(kind)
    );
    Err(TransferError::new(TransferErrorKind::Source, message).into())
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
        Self(Kind::File(file))
    }
}

impl From<std::fs::File> for Source {
    fn from(file: std::fs::File) -> Self {
        File::from_std(file).into()
    }
}

/// Prints the kind of the source, without its content.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Source");
        match &self.0 {
            Kind::Bytes(bytes) => tuple.field(&bytes.len()),
            Kind::Path(path) => tuple.field(path),
            Kind::File(_) => tuple.field(&"file"),
            Kind::Seekable(_) => tuple.field(&"seekable"),
            Kind::Reader { length, .. } => tuple.field(length),
        };
        tuple.finish()
    }
}

/// A source that gives slices from any position, and keeps the last one.
pub(super) struct Slices {
    input: Input,
    length: u64,
    /// The position of the reader.
    position: u64,
    /// The last slice, and the position where it begins. A part of it may be needed again.
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

    /// Returns the bytes of a range that lies within the length.
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
            // The old slice is dropped before the next one is read, so that two slices are never in
            // memory.
            self.held = Bytes::new();
            self.held = self.read(range, kept).await?;
            self.start = range.start;
        }
        Ok(self.held.clone())
    }

    /// Reads a range whose first bytes are already known.
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
        if range.end == self.length {
            self.check_end().await?;
        }
        Ok(slice.freeze())
    }

    /// Looks for bytes after the end. If there are some, the last slice is not sent, so that the
    /// service does not take the beginning of a file for the whole.
    async fn check_end(&mut self) -> Result<()> {
        let Input::Seekable(reader) = &mut self.input else {
            return Ok(());
        };
        let read = reader.read(&mut [0]).await.map_err(unreadable)?;
        self.position += read as u64;
        if read == 0 {
            return Ok(());
        }
        let message = format!(
            "the content to upload grew beyond its original {} bytes during the upload",
            self.length
        );
        Err(TransferError::new(TransferErrorKind::Source, message).into())
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
                        "the service requests the bytes from {place} on again, but the reader is \
                         at {} and cannot seek back",
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
                "the content to upload ended after {} of {} bytes",
                self.position, self.length
            ),
        )
        .into()
    }
}

/// Converts a position in memory; memory is always at least as long as its content.
fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn unreadable(error: std::io::Error) -> crate::Error {
    TransferError::io(
        TransferErrorKind::Source,
        "cannot read the content to upload",
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
    async fn source_is_read_from_any_offset() {
        for (name, mut slices) in kinds().await {
            assert_eq!(slices.length(), 16, "{name}");
            for range in [0..4, 0..4, 2..8, 5..6, 10..16] {
                let wanted = &TEXT[range.start as usize..range.end as usize];
                assert_eq!(slices.get(&range).await.unwrap(), wanted, "{name}");
            }
            // The kept slice does not contain these bytes.
            match (name, slices.get(&(0..3)).await) {
                ("reader", Err(crate::Error::Transfer(error))) => {
                    assert_eq!(error.kind(), TransferErrorKind::CannotGoBack);
                }
                (_, slice) => assert_eq!(slice.unwrap(), &TEXT[..3], "{name}"),
            }
        }
    }

    #[tokio::test]
    async fn too_short_source_is_an_error() {
        let mut slices = Source::reader(TEXT, 20).open().await.unwrap();
        for range in [12..20, 18..20] {
            let error = slices.get(&range).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the content to upload ended after 16 of 20 bytes"
            );
        }
        let error = Source::file("/no/where").open().await.err().unwrap();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the content to upload"),
            "{error}"
        );
    }

    #[track_caller]
    fn refusal(opened: Result<Slices>) -> String {
        match opened.err() {
            Some(crate::Error::Transfer(error)) => {
                assert_eq!(error.kind(), TransferErrorKind::Source);
                error.to_string()
            }
            other => panic!("the source should be refused: {other:?}"),
        }
    }

    #[tokio::test]
    async fn directory_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = refusal(Source::file(folder.path()).open().await);
        assert_eq!(
            error,
            "the file to upload is a directory, not a regular file"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn pipes_sockets_and_devices_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        for (path, name) in [
            (pipe, "a named pipe"),
            (link, "a named pipe"),
            (socket, "a socket"),
            ("/dev/null".into(), "a device"),
        ] {
            let error = refusal(Source::file(path).open().await);
            assert!(error.contains(name), "{error}");
        }
        let device = File::open("/dev/zero").await.unwrap();
        let error = refusal(Source::from(device).open().await);
        assert!(error.contains("a device"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn content_without_a_length_is_refused() {
        let error = refusal(Source::file("/proc/self/status").open().await);
        assert!(error.contains("length of 0 but has content"), "{error}");
        let open = std::fs::File::open("/proc/self/status").unwrap();
        let error = refusal(Source::from(open).open().await);
        assert!(error.contains("length of 0 but has content"), "{error}");
    }

    #[tokio::test]
    async fn file_that_changes_its_length_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        for (change, message) in [
            (20, "grew beyond its original 16 bytes"),
            (9, "ended after 9 of 16 bytes"),
        ] {
            std::fs::write(&path, TEXT).unwrap();
            let mut slices = Source::file(&path).open().await.unwrap();
            assert_eq!(slices.get(&(0..8)).await.unwrap(), &TEXT[..8]);
            let file = File::options().write(true).open(&path).await.unwrap();
            file.set_len(change).await.unwrap();
            let error = refusal(slices.get(&(8..16)).await.map(|_| slices));
            assert!(error.contains(message), "{error}");
        }
    }

    #[tokio::test]
    async fn open_file_is_read_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, TEXT).unwrap();
        let mut file = File::open(&path).await.unwrap();
        file.seek(SeekFrom::End(0)).await.unwrap();
        let mut slices = Source::from(file).open().await.unwrap();
        assert_eq!(slices.get(&(0..16)).await.unwrap(), TEXT);
        std::fs::write(&path, "").unwrap();
        let mut slices = Source::file(&path).open().await.unwrap();
        assert_eq!(slices.length(), 0);
        assert_eq!(slices.get(&(0..0)).await.unwrap(), "");
    }
}
