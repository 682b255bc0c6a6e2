//! Downloads of content of any size, piece by piece or straight into a file.
//!
//! ```no_run
//! # async fn example(graph: &msgraph::Graph) -> msgraph::Result<()> {
//! let file = graph.me().drive().root().path("Reports/2026.pdf");
//!
//! // Into a file, which is there as a whole or not at all; and no other bytes than the item says.
//! let item = file.get().await?;
//! file.content().get().to_file("2026.pdf").url_of(&item).verify(&item).await?;
//!
//! // Piece by piece: the status comes first, then the bytes.
//! let mut content = file.content().get().stream().await?;
//! println!("{:?} bytes of {:?}", content.length(), content.content_type());
//! while let Some(piece) = content.try_next().await? {
//!     println!("{} bytes", piece.len());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Graph responds to a download with a redirect to another host. That host never receives the
//! access token, because it does not need it. An interrupted download continues from its position,
//! as long as the content is the same.
//!
//! # HTML in place of the content
//!
//! Captive portals, gateways and sign-in pages respond with status 200 and a page of HTML. If a
//! response says that it is HTML, the first applicable rule decides whether it is the content:
//!
//! 1. the query parameter `format` (`format=html` is HTML, `format=pdf` is not); pages of OneNote
//!    are HTML,
//! 2. the header `Accept` that the call sends, if it names one kind of content,
//! 3. the item that was passed to `verify` or `url_of`: its media type, and the extension of its
//!    name,
//! 4. the extension of the name in a path (`root:/report.pdf:/content`),
//! 5. the header `Content-Disposition` of the response, which stored files have and pages do not,
//! 6. the extension of the file that the content is saved to.
//!
//! If no rule applies, the response is the content. A page that is not the content is an error of
//! kind [`UnexpectedHtml`](crate::error::TransferErrorKind::UnexpectedHtml).
//!
//! <https://learn.microsoft.com/graph/api/driveitem-get-content>

mod expected;
mod file;
mod hash;
mod partial;
mod quick_xor;
mod range;
mod stream;
mod target;
mod way;

pub(crate) use expected::Expected;
pub use file::{Saved, ToFile};
#[cfg(feature = "files")]
pub(crate) use hash::Check;
pub use hash::HashKind;
pub use quick_xor::QuickXorHash;
pub use stream::{ContentStream, ToStream};

use crate::transfer::Progress;
