//! What a round of changes consists of.

use std::fmt;
use std::ops::Deref;

use serde::Deserialize;
use serde_json::Value;

use super::Resync;
use super::read::Marks;
use crate::Result;
use crate::error::{DecodeError, Error};
use crate::model::lists::ListItem;
use crate::model::{Model, Navigation, Property};

/// One event of a round of changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeltaEvent<T> {
    /// An item is new, or something of it has changed.
    Changed(Changed<T>),
    /// An item is no longer there.
    Removed(Removed<T>),
    /// The token is too old: nothing more comes, and the next round has to begin anew.
    Resync(Resync<T>),
}

/// An item that is new or has changed: as a rule whole, and for some services, or where the caller prefers
/// `return=minimal`, with its id and what has changed alone.
///
/// It can be used like the item.
#[derive(Clone, PartialEq)]
pub struct Changed<T> {
    item: T,
    nulls: Vec<Box<str>>,
}

impl<T> Changed<T> {
    pub(super) fn new(item: T, marks: Marks) -> Self {
        Self {
            item,
            nulls: marks.nulls,
        }
    }

    /// The item.
    pub fn into_inner(self) -> T {
        self.item
    }

    /// Whether a property came as `null`: it has no value any more. A property that did not come at all did not change, or
    /// was not asked for; both read as `None`.
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

    /// The names of all properties that came as `null`.
    pub fn nulls(&self) -> impl Iterator<Item = &str> {
        self.nulls.iter().map(AsRef::as_ref)
    }
}

impl<T: Model> Changed<T> {
    /// Returns what has changed in a relation that was selected, as `members@delta` or `manager@delta` says: what belongs to
    /// it now, and what does not any more. Empty where nothing came.
    ///
    /// The members of a large group come with several items of the same id. A relation to one entity changes, too: the
    /// new manager is added, and the one before may be removed.
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
    /// [`Error::Decode`] when what came is not of the relation's type.
    ///
    /// <https://learn.microsoft.com/graph/delta-query-groups>
    pub fn related_changes<R: Related>(
        &self,
        relation: Navigation<T, R>,
    ) -> Result<Vec<RelatedChange<R::Model>>> {
        let name = format!("{}@delta", relation.name());
        let wrong = |at: String, error: String| -> Error {
            DecodeError::new(at, "RelatedChange", error).into()
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

/// An item that is no longer there, and why.
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

    /// The id of the item.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Why it is not there.
    pub fn reason(&self) -> &RemovedReason {
        &self.reason
    }

    /// What came of the item: mostly its id alone, of a drive item also where it was.
    pub fn item(&self) -> &T {
        &self.item
    }

    /// What came of the item.
    pub fn into_inner(self) -> T {
        self.item
    }
}

/// Why an item is no longer there, as `@removed` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemovedReason {
    /// It was deleted, and can be restored.
    Changed,
    /// It is gone. Outlook says so of a message that was moved to another folder as well.
    Deleted,
    /// The reason is unknown: a word that this crate does not know, or an empty text where no word came. The JSON of
    /// `@removed` is in the `extra` of the [item](Removed::item).
    Unknown(String),
}

/// What a navigation property leads to: one model, or a `Vec` of them.
pub trait Related {
    /// The model.
    type Model: Model;
}

impl<R: Model> Related for R {
    type Model = R;
}

impl<R: Model> Related for Vec<R> {
    type Model = R;
}

/// A change of a relation.
#[derive(Clone, Debug, PartialEq)]
pub enum RelatedChange<R> {
    /// It belongs to the relation now.
    Added(R),
    /// It does not any more.
    Removed(Removed<R>),
}
