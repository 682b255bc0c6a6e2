//! Reading and writing: models, nulls, relations, derived types.
//!
//! Every property of a model is an `Option`, because Graph sends only what was selected. What is
//! not set is not sent. An update therefore sends the changes alone.
//!
//! A model is written with [`Model::set`] or as a struct literal, and read with [`Model::get`],
//! [`Model::get_ref`] or by its fields. `set` takes what converts into the property's type, and any
//! iterator for a collection.
//!
//! ```
//! # use msgraph_simulator::Simulator;
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = Simulator::start().await?;
//! # let credential = msgraph::auth::AccessTokenCredential::new(simulator.user_token());
//! # let graph = msgraph::Graph::builder(credential).cloud(simulator.cloud()).build()?;
//! use msgraph::Model;
//! use msgraph::models::User;
//! use msgraph::query::Null;
//!
//! let users = graph.users();
//! let adele = users.list().filter(User::GIVEN_NAME.eq("Adele")).await?;
//! let id = adele[0].get(User::ID).expect("Graph sends the id");
//!
//! let change = User::new()
//!     .set(User::CITY, "Oslo")
//!     // Sends an explicit null, which clears the property.
//!     .set(User::MOBILE_PHONE, Null);
//! users.id(&id).update(change).await?;
//!
//! let user = users.id(&id).get().select((User::CITY, User::MOBILE_PHONE)).await?;
//! assert_eq!(user.get_ref(User::CITY), Some("Oslo"));
//! assert_eq!(user.get(User::MOBILE_PHONE), None);
//!
//! // The same change as a struct literal.
//! let mut change = User { city: Some("Oslo".into()), ..Default::default() };
//! change.clear(User::MOBILE_PHONE);
//! # assert_eq!(change, User::new().set(User::CITY, "Oslo").set(User::MOBILE_PHONE, Null));
//! # Ok(())
//! # }
//! ```
//!
//! Do not send back a whole model that was read. Graph refuses read-only properties, and another
//! program's changes would be overwritten. [`Model::changes_to`] returns what differs between the
//! version that was read and a changed copy of it:
//!
//! ```no_run
//! use msgraph::Model;
//! use msgraph::models::Event;
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let meeting = graph.me().events().id("id");
//! let original = meeting.get().await?;
//! let changed = original.clone().set(Event::SUBJECT, "Moved");
//! meeting.update(original.changes_to(&changed)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Unknown and mismatched properties
//!
//! A property or annotation that the model does not know is in `extra`, and is written again. An
//! enum member that is not known is `Unknown` with its word. A value that does not have its
//! property's type is kept as it came, and [`Model::mismatched_properties`] lists it.
//!
//! # Open types
//!
//! Some types have properties whose names the data gives, such as the assignments of a planner
//! task. [`Model::with_dynamic`] writes such a property with its type, and [`Model::dynamics`]
//! reads all.
//!
//! # Relations and derived types
//!
//! Relations are requested with `expand` and read with [`Model::related`]. The members of a group
//! are directory objects; `@odata.type` says which kind each one is.
//!
//! ```no_run
//! use msgraph::Model;
//! use msgraph::models::{Group, User};
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let group = graph.groups().id("id").get().expand(Group::MEMBERS).await?;
//! for member in group.related(Group::MEMBERS)?.unwrap_or_default() {
//!     if let Some(user) = member.downcast::<User>()? {
//!         println!("{:?}", user.mail);
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A deep insert adds related entities to a new one. Each says its type by itself:
//!
//! ```no_run
//! use msgraph::Model;
//! use msgraph::models::{FileAttachment, Message};
//!
//! # async fn example(graph: msgraph::Graph) -> msgraph::Result<()> {
//! let file = FileAttachment::new()
//!     .set(FileAttachment::NAME, "a.txt")
//!     .set(FileAttachment::CONTENT_BYTES, "hi");
//! let draft = Message::new().set(Message::SUBJECT, "Hello");
//! graph.me().messages().create(draft.with(Message::ATTACHMENTS, [file])?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Model::changes_to`]: crate::Model::changes_to
//! [`Model::dynamics`]: crate::Model::dynamics
//! [`Model::get`]: crate::Model::get
//! [`Model::get_ref`]: crate::Model::get_ref
//! [`Model::mismatched_properties`]: crate::Model::mismatched_properties
//! [`Model::related`]: crate::Model::related
//! [`Model::set`]: crate::Model::set
//! [`Model::with_dynamic`]: crate::Model::with_dynamic
