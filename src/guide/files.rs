//! Files: uploads and downloads of any size.
//!
//! # Uploads
//!
//! `upload` of a drive item takes bytes, a file or a reader. A small file is one request; a large
//! one is sent slice by slice, with one slice in memory.
//!
//! ```no_run
//! use msgraph::upload::{ConflictBehavior, Source};
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let item = graph.me().drive().root().path("Films/2026.mp4")
//!     .upload(Source::file("2026.mp4"))
//!     .conflict_behavior(ConflictBehavior::Rename)
//!     .on_progress(|progress| println!("{:.0?}", progress.fraction()))
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every call that returns an upload session has `upload`, too: attachments of mail and events, and
//! documents to print.
//!
//! ```no_run
//! use msgraph::models::actions::AttachmentCreateUploadSession;
//! use msgraph::models::{AttachmentItem, AttachmentType};
//! use msgraph::upload::Source;
//!
//! # async fn example(graph: msgraph::Graph, message: &str) -> msgraph::Result<()> {
//! let file = AttachmentItem {
//!     attachment_type: Some(AttachmentType::File),
//!     name: Some("2026.mp4".into()),
//!     size: Some(40_000_000),
//!     ..Default::default()
//! };
//! let session = AttachmentCreateUploadSession {
//!     attachment_item: Some(file.into()),
//!     ..Default::default()
//! };
//! let attachments = graph.me().messages().id(message).attachments();
//! attachments.create_upload_session(session).upload(Source::file("2026.mp4")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! After a lost slice the service is asked what it has, and the upload goes on from there. A stored
//! session goes on after a restart.
//!
//! # Downloads
//!
//! `to_file` writes a file that appears as a whole or not at all. `verify` compares the hash that
//! Graph has of the item.
//!
//! ```no_run
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let film = graph.me().drive().root().path("Films/2026.mp4");
//! let item = film.get().await?;
//! film.content().get().to_file("2026.mp4").resume().verify(&item).await?;
//!
//! // Or piece by piece: status and headers first, then the bytes.
//! let mut head = film.content().get().stream().range(..1024).await?;
//! while let Some(bytes) = head.try_next().await? {
//!     println!("{} of {:?} bytes", bytes.len(), head.length());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Hosts of uploads and downloads never receive the access token.
//! `cargo run --example upload_with_progress` shows both directions.
