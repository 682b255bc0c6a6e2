//! Sort orders: a property and a direction.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use super::{CommaList, OrderBy, PropertyPath};
use crate::model::Property;

/// A property and a direction, for `$orderby`.
///
/// ```
/// use msgraph::models::User;
///
/// assert_eq!(User::DISPLAY_NAME.asc().to_string(), "displayName asc");
/// ```
pub struct Order<M> {
    property: Cow<'static, str>,
    direction: &'static str,
    model: PhantomData<fn() -> M>,
}

impl<M, T> Property<M, T> {
    /// Sorts from the smallest value to the largest. This is the default order.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MAIL.asc().to_string(), "mail asc");
    /// ```
    pub fn asc(self) -> Order<M> {
        Order {
            property: self.name().into(),
            direction: "asc",
            model: PhantomData,
        }
    }

    /// Sorts from the largest value to the smallest.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MAIL.desc().to_string(), "mail desc");
    /// ```
    pub fn desc(self) -> Order<M> {
        Order {
            property: self.name().into(),
            direction: "desc",
            model: PhantomData,
        }
    }
}

impl<M, T> PropertyPath<M, T> {
    /// Sorts from the smallest value to the largest. This is the default order.
    ///
    /// ```
    /// # use msgraph::models::{EmailAddress, Message, Recipient};
    /// let sender = Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::NAME;
    /// assert_eq!(sender.asc().to_string(), "from/emailAddress/name asc");
    /// ```
    pub fn asc(self) -> Order<M> {
        Order {
            property: self.into_text(),
            direction: "asc",
            model: PhantomData,
        }
    }

    /// Sorts from the largest value to the smallest.
    ///
    /// ```
    /// # use msgraph::models::{EmailAddress, Message, Recipient};
    /// let sender = Message::FROM / Recipient::EMAIL_ADDRESS / EmailAddress::NAME;
    /// assert_eq!(sender.desc().to_string(), "from/emailAddress/name desc");
    /// ```
    pub fn desc(self) -> Order<M> {
        Order {
            property: self.into_text(),
            direction: "desc",
            model: PhantomData,
        }
    }
}

impl<M> OrderBy<M> for Order<M> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(&self.to_string());
    }
}

impl<M> Display for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.property, self.direction)
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Order({self})")
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self {
            property: self.property.clone(),
            direction: self.direction,
            model: PhantomData,
        }
    }
}
