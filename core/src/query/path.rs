//! Paths to properties: `from/emailAddress/address`.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::Div;

use super::{CommaList, OrderBy, Selection};
use crate::model::{DerivedFrom, Model, Navigation, Property};

/// The path from a model `M` to a property of type `T`, through properties of other models.
///
/// The division operator builds it, so that it reads like OData:
///
/// ```
/// use msgraph::models::{EmailAddress, Message, Recipient};
///
/// let sender = Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::ADDRESS;
/// assert_eq!(sender.to_string(), "from/emailAddress/address");
/// ```
///
/// The steps have to fit: after a property of type `ItemBody`, only a property of `ItemBody` can
/// follow.
///
/// ```compile_fail
/// # use msgraph::models::{EmailAddress, Message};
/// let sender = Message::FROM / EmailAddress::ADDRESS;
/// ```
///
/// The path can be used like a property: in conditions, in `orderby` and in `select`.
pub struct PropertyPath<M, T> {
    text: Cow<'static, str>,
    /// The number of conditions on items around this path. Each of them has a variable of its own.
    depth: usize,
    kind: PhantomData<fn(M) -> T>,
}

impl<M, T> PropertyPath<M, T> {
    fn new(text: impl Into<Cow<'static, str>>, depth: usize) -> Self {
        Self {
            text: text.into(),
            depth,
            kind: PhantomData,
        }
    }

    fn step<N, U>(self, name: &str) -> PropertyPath<N, U> {
        PropertyPath::new(format!("{}/{name}", self.text), self.depth)
    }

    pub(super) fn into_text(self) -> Cow<'static, str> {
        self.text
    }

    /// Returns the same path with a target of type `D`, which derives from `T`, so that its
    /// properties can follow.
    ///
    /// ```
    /// use msgraph::models::{DirectoryObject, Group, User};
    ///
    /// let filter =
    ///     Group::OWNERS.any(|owner| (owner.cast::<User>() / User::MAIL).eq("adele@contoso.com"));
    /// assert_eq!(
    ///     filter.to_string(),
    ///     "owners/any(x:x/microsoft.graph.user/mail eq 'adele@contoso.com')"
    /// );
    /// ```
    pub fn cast<D: DerivedFrom<T>>(self) -> PropertyPath<M, D> {
        self.step(D::default().type_name())
    }
}

impl<M, X> PropertyPath<M, Vec<X>> {
    /// Returns the variable that stands for an item in a condition, and the path that begins with
    /// it.
    pub(super) fn item(&self) -> (String, PropertyPath<X, X>) {
        let variable = match ["x", "y", "z"].get(self.depth) {
            Some(variable) => (*variable).to_owned(),
            None => format!("x{}", self.depth),
        };
        let item = PropertyPath::new(variable.clone(), self.depth + 1);
        (variable, item)
    }

    pub(super) fn count(self) -> PropertyPath<M, i64> {
        self.step("$count")
    }
}

impl<M, T> From<Property<M, T>> for PropertyPath<M, T> {
    fn from(property: Property<M, T>) -> Self {
        Self::new(property.name(), 0)
    }
}

impl<M, T> From<Navigation<M, T>> for PropertyPath<M, T> {
    fn from(navigation: Navigation<M, T>) -> Self {
        Self::new(navigation.name(), 0)
    }
}

macro_rules! steps {
    ($($from:ident / $to:ident)*) => {$(
        impl<M, T: Model, U> Div<$to<T, U>> for $from<M, T> {
            type Output = PropertyPath<M, U>;

            fn div(self, next: $to<T, U>) -> PropertyPath<M, U> {
                PropertyPath::from(self).step(next.name())
            }
        }
    )*};
}

steps! {
    Property / Property
    Property / Navigation
    Navigation / Property
    Navigation / Navigation
    PropertyPath / Property
    PropertyPath / Navigation
}

impl<M, T> Selection<M> for PropertyPath<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(&self.text);
    }
}

impl<M, T> OrderBy<M> for PropertyPath<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(&self.text);
    }
}

impl<M, T> Clone for PropertyPath<M, T> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone(), self.depth)
    }
}

impl<M, T> Display for PropertyPath<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<M, T> fmt::Debug for PropertyPath<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PropertyPath({self})")
    }
}
