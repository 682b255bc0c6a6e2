//! Downloads: content of any size, piece by piece or straight into a file.
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
//! Graph answers a download with a redirect to a host that takes no token and is given none. What breaks off goes on
//! from where it was, as long as the content is the same.
//!
//! <https://learn.microsoft.com/graph/api/driveitem-get-content>

mod file;
mod hash;
mod partial;
mod quick_xor;
mod range;
mod stream;
mod way;

pub use file::{Saved, ToFile};
pub(crate) use hash::Check;
pub use hash::HashKind;
pub use quick_xor::QuickXorHash;
pub use stream::{ContentStream, ToStream};

pub use crate::transfer::Progress;
