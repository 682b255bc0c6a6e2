//! OData query options: conditions, property paths, values.

mod expand;
mod filter;
mod literal;
mod order;
mod path;
mod search;
mod time;

pub use expand::{Expanded, Target};
pub use filter::Filter;
pub use literal::{Literal, Null, literal};
pub use order::Order;
pub use path::PropertyPath;
pub use search::Search;
pub use time::Time;

use crate::model::Property;

/// A comma-separated list that is being built.
///
/// ```
/// use msgraph::query::{CommaList, Selection};
///
/// struct Card;
/// impl<M> Selection<M> for Card {
///     fn add_to(&self, list: &mut CommaList) {
///         list.push("displayName");
///         list.push("mail");
///     }
/// }
/// ```
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct CommaList {
    text: String,
    wrong: Option<&'static str>,
}

impl CommaList {
    /// Adds an item. An empty item is ignored.
    pub fn push(&mut self, item: &str) {
        if item.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(item);
    }

    /// Remembers that an item cannot be sent.
    fn refuse(&mut self, reason: &'static str) {
        self.wrong.get_or_insert(reason);
    }

    #[doc(hidden)]
    pub fn collect(add: impl FnOnce(&mut Self)) -> Self {
        let mut list = Self::default();
        add(&mut list);
        list
    }

    /// Returns the list, or the reason why it cannot be sent.
    #[doc(hidden)]
    pub fn finish(self) -> Result<String, &'static str> {
        match self.wrong {
            Some(reason) => Err(reason),
            None => Ok(self.text),
        }
    }
}

macro_rules! lists {
    ($($trait:ident)*) => {$(
        impl<M> $trait<M> for str {
            fn add_to(&self, list: &mut CommaList) {
                list.push(self);
            }
        }

        impl<M> $trait<M> for String {
            fn add_to(&self, list: &mut CommaList) {
                list.push(self);
            }
        }

        impl<M, I: $trait<M> + ?Sized> $trait<M> for &I {
            fn add_to(&self, list: &mut CommaList) {
                (**self).add_to(list);
            }
        }

        impl<M, I: $trait<M>> $trait<M> for [I] {
            fn add_to(&self, list: &mut CommaList) {
                for item in self {
                    item.add_to(list);
                }
            }
        }

        impl<M, I: $trait<M>, const N: usize> $trait<M> for [I; N] {
            fn add_to(&self, list: &mut CommaList) {
                self.as_slice().add_to(list);
            }
        }

        impl<M, I: $trait<M>> $trait<M> for Vec<I> {
            fn add_to(&self, list: &mut CommaList) {
                self.as_slice().add_to(list);
            }
        }

        tuples!($trait A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);
    )*};
}

/// Implements tuples from one item up to the number of names given.
macro_rules! tuples {
    ($trait:ident $($item:ident $index:tt)*) => {
        tuples!(@shorter $trait [] $($item $index)*);
    };
    (@shorter $trait:ident [$($item:ident $index:tt)*]) => {};
    (@shorter $trait:ident [$($item:ident $index:tt)*] $next:ident $next_index:tt $($rest:tt)*) => {
        impl<M, $($item: $trait<M>,)* $next: $trait<M>> $trait<M> for ($($item,)* $next,) {
            fn add_to(&self, list: &mut CommaList) {
                $(self.$index.add_to(list);)*
                self.$next_index.add_to(list);
            }
        }
        tuples!(@shorter $trait [$($item $index)* $next $next_index] $($rest)*);
    };
}

/// The values that `$select` accepts for a model `M`: a property, the path to one, a plain name, or
/// several of either.
///
/// ```
/// use msgraph::models::User;
/// use msgraph::query::Selection;
///
/// fn takes(_: impl Selection<User>) {}
/// takes(User::ID);
/// takes([User::ID, User::MAIL]);
/// takes((User::ID, User::ACCOUNT_ENABLED, "brandNew"));
/// takes(vec!["id".to_owned()]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected from `{M}`",
    note = "to select a property of another model, such as a derived one, use its name: \
            `Other::PROPERTY.name()`"
)]
pub trait Selection<M> {
    /// Adds the names to the list.
    #[doc(hidden)]
    fn add_to(&self, list: &mut CommaList);
}

/// The values that `$orderby` accepts for a model `M`: a property, the path to one, either with a
/// direction, plain text, or several.
///
/// ```
/// use msgraph::models::{EmailAddress, Message, Recipient};
/// use msgraph::query::OrderBy;
///
/// fn takes(_: impl OrderBy<Message>) {}
/// takes(Message::SUBJECT);
/// takes((Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::NAME).desc());
/// takes(("from/emailAddress/name desc", Message::SUBJECT));
/// ```
#[diagnostic::on_unimplemented(message = "`{M}` cannot be ordered by `{Self}`")]
pub trait OrderBy<M> {
    /// Adds the criteria to the list.
    #[doc(hidden)]
    fn add_to(&self, list: &mut CommaList);
}

/// The values that `$expand` accepts for a model `M`: a navigation, with or without options, plain
/// text, or several.
///
/// ```
/// use msgraph::models::Group;
/// use msgraph::query::Expand;
///
/// fn takes(_: impl Expand<Group>) {}
/// takes(Group::MEMBERS);
/// takes(Group::MEMBERS.select(["id"]));
/// takes("owners($select=id)");
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be expanded in `{M}`")]
pub trait Expand<M> {
    /// Adds the navigations to the list.
    #[doc(hidden)]
    fn add_to(&self, list: &mut CommaList);
}

lists!(Selection OrderBy Expand);

impl<M, T> Selection<M> for Property<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(self.name());
    }
}

impl<M, T> OrderBy<M> for Property<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(self.name());
    }
}
