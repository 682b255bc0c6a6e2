//! The events of a round of changes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::Resync;
use super::read::Marks;
use crate::Result;
use crate::error::{DecodeError, Error, ErrorOrigin};
use crate::model::lists::ListItem;
use crate::model::{Model, Navigation, Property, Related};

/// One event of a round of changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeltaEvent<T> {
    /// An item is new, or something of it has changed.
    Changed(Changed<T>),
    /// An item is no longer there.
    Removed(Removed<T>),
    /// The delta token is too old. The stream ends, and the next round has to start over.
    Resync(Resync<T>),
}

/// An item that is new or has changed.
///
/// As a rule the item is complete. Some services send its id and the changed properties only, and
/// so does any service where the caller prefers `return=minimal`.
///
/// It dereferences to the item.
#[derive(Clone)]
pub struct Changed<T> {
    item: T,
    nulls: Vec<Box<str>>,
    /// The response that had the item, for errors about it.
    origin: Arc<ErrorOrigin>,
}

/// Compares the items, regardless of the responses that they came with.
impl<T: PartialEq> PartialEq for Changed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item && self.nulls == other.nulls
    }
}

impl<T> Changed<T> {
    pub(super) fn new(item: T, marks: Marks, origin: &Arc<ErrorOrigin>) -> Self {
        Self {
            item,
            nulls: marks.nulls,
            origin: Arc::clone(origin),
        }
    }

    /// Returns the item.
    pub fn into_inner(self) -> T {
        self.item
    }

    /// Checks whether a property came as `null`, which means that it no longer has a value.
    ///
    /// A property that did not come at all has not changed, or was not requested. Both read as
    /// `None`.
    ///
    /// ```
    /// # use msgraph::delta::Changed;
    /// use msgraph::models::User;
    ///
    /// fn has_no_phone_any_more(user: &Changed<User>) -> bool {
    ///     user.is_null(User::MOBILE_PHONE)
    /// }
    /// ```
    pub fn is_null<P>(&self, property: Property<T, P>) -> bool {
        self.nulls.iter().any(|name| **name == *property.name())
    }

    /// Returns the names of all properties that came as `null`.
    pub fn nulls(&self) -> impl Iterator<Item = &str> {
        self.nulls.iter().map(AsRef::as_ref)
    }
}

impl<T: Model> Changed<T> {
    /// Returns the changes of a selected relation, as `members@delta` or `manager@delta` lists
    /// them: the added and the removed entities. The list is empty where the response has no such
    /// property.
    ///
    /// The members of a large group are spread over several items with the same id. A relation to a
    /// single entity changes, too: the new manager is added, and the previous one may be removed.
    ///
    /// ```
    /// # use msgraph::delta::{Changed, RelatedChange};
    /// use msgraph::models::Group;
    ///
    /// # fn example(group: &Changed<Group>) -> msgraph::Result<()> {
    /// for change in group.related_changes(Group::MEMBERS)? {
    ///     match change {
    ///         RelatedChange::Added(member) => println!("{:?} has joined", member.id),
    ///         RelatedChange::Removed(member) => println!("{:?} has left", member.id()),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`Error::Decode`] when the changes are not of the relation's type.
    ///
    /// <https://learn.microsoft.com/graph/delta-query-groups>
    pub fn related_changes<R: Related>(
        &self,
        relation: Navigation<T, R>,
    ) -> Result<Vec<RelatedChange<R::Model>>> {
        let name = format!("{}@delta", relation.name());
        let wrong = |at: String, error: String| -> Error {
            let error = DecodeError::new(at, "RelatedChange", error);
            error.from_origin(&self.origin).into()
        };
        let items = match self.item.extra().get(&name) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.as_slice(),
            Some(item @ Value::Object(_)) => std::slice::from_ref(item),
            Some(_) => {
                let message = "expected a list of changes".to_owned();
                return Err(wrong(name, message));
            }
        };
        let items = items.iter().enumerate().filter(|(_, json)| !json.is_null());
        let items = items.map(|(index, json)| {
            let at =
                |error: serde_json::Error| wrong(format!("{name}[{index}]"), error.to_string());
            let marks = match json.is_object() {
                true => Marks::deserialize(json).map_err(at)?,
                false => Marks::default(),
            };
            let ListItem(item) = ListItem::<R::Model>::deserialize(json).map_err(at)?;
            Ok(match marks.removed() {
                Some(reason) => RelatedChange::Removed(Removed::new(item, marks.id, reason)),
                None => RelatedChange::Added(item),
            })
        });
        items.collect()
    }
}

impl<T> Deref for Changed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T: fmt::Debug> fmt::Debug for Changed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed")
            .field("item", &self.item)
            .field("nulls", &self.nulls)
            .finish()
    }
}

/// An item that no longer exists in the collection, and the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed<T> {
    item: T,
    id: Option<String>,
    reason: RemovedReason,
}

impl<T> Removed<T> {
    pub(super) fn new(item: T, id: Option<String>, reason: RemovedReason) -> Self {
        Self { item, id, reason }
    }

    /// Returns the id of the item.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the reason for the removal.
    pub fn reason(&self) -> &RemovedReason {
        &self.reason
    }

    /// Returns the properties that Graph sent for the item: mostly its id alone. A drive item may
    /// also have its former place.
    pub fn item(&self) -> &T {
        &self.item
    }

    /// Returns the properties that Graph sent for the item.
    pub fn into_inner(self) -> T {
        self.item
    }
}

/// The reason why an item was removed, from `@removed`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemovedReason {
    /// The item was deleted and can be restored.
    Changed,
    /// The item is gone. Outlook also gives this reason for a message that was moved to another
    /// folder.
    Deleted,
    /// The reason is unknown: a word that this crate does not know, or an empty text where Graph
    /// sent no word. The JSON of `@removed` is in the `extra` of the [item](Removed::item).
    Unknown(String),
}

/// A change of a relation.
// Exhaustive, unlike other enums: an entity is in a relation, or it is not.
#[derive(Clone, Debug, PartialEq)]
pub enum RelatedChange<R> {
    /// The entity now belongs to the relation.
    Added(R),
    /// The entity no longer belongs to the relation.
    Removed(Removed<R>),
}
