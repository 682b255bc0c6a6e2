//! Uploads of files of any size, slice by slice.
//!
//! This example uploads a file to a drive:
//!
//! ```no_run
//! use msgraph::upload::Source;
//!
//! # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
//! let item = graph.me().drive().root().path("Reports/2026.pdf")
//!     .upload(Source::file("2026.pdf"))
//!     .on_progress(|progress| println!("{} of {:?}", progress.done, progress.total))
//!     .await?;
//! println!("{:?}", item.web_url);
//! # Ok(())
//! # }
//! ```
//!
//! Every other `create_upload_session` works as well, such as that of an attachment of mail or of
//! an event, or of a document to be printed:
//!
//! ```no_run
//! use msgraph::models::actions::AttachmentCreateUploadSession;
//! use msgraph::models::{AttachmentItem, AttachmentType};
//! use msgraph::upload::Source;
//!
//! # async fn example(graph: &msgraph::Graph, message: &str) -> msgraph::Result<()> {
//! let attachment = AttachmentItem {
//!     attachment_type: Some(AttachmentType::File),
//!     name: Some("film.mp4".into()),
//!     size: Some(40_000_000),
//!     ..Default::default()
//! };
//! let body = AttachmentCreateUploadSession {
//!     attachment_item: Some(attachment.into()),
//!     ..Default::default()
//! };
//! let uploaded = graph
//!     .me()
//!     .messages()
//!     .id(message)
//!     .attachments()
//!     .create_upload_session(body)
//!     .upload(Source::file("film.mp4"))
//!     .await?;
//! println!("{:?}", uploaded.id());
//! # Ok(())
//! # }
//! ```
//!
//! Slices go to the session's own address, without an access token. A slice that is lost, throttled
//! or partly stored is sent again from the position that the service names. A stored [`Session`]
//! continues after a restart.
//!
//! <https://learn.microsoft.com/graph/api/driveitem-createuploadsession>,
//! <https://learn.microsoft.com/graph/outlook-large-attachments>,
//! <https://learn.microsoft.com/graph/upload-data-to-upload-session>

mod builder;
#[cfg(feature = "files")]
mod file;
mod outcome;
#[cfg(feature = "files")]
mod own_file;
mod ranges;
mod session;
mod slices;
mod source;
mod uploaded;

pub use builder::SessionUpload;
#[cfg(feature = "files")]
#[cfg_attr(docsrs, doc(cfg(feature = "files")))]
pub use file::{ConflictBehavior, FileUpload};
pub use session::Session;
pub use source::Source;
pub use uploaded::Uploaded;

use crate::transfer::Progress;
