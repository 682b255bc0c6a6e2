//! Conditions for `$filter`.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::Not;

use super::{Literal, PropertyPath};
use crate::model::{Flags, Navigation, OpenEnum, Property};

/// A condition on models `M`, for `$filter`.
///
/// The methods of properties create it, and so does the caller's own text:
///
/// ```
/// use msgraph::models::{Message, User};
/// use msgraph::query::Filter;
///
/// let unread = Message::IS_READ.eq(false).and(Message::SUBJECT.startswith("Re: "));
/// assert_eq!(unread.to_string(), "isRead eq false and startswith(subject,'Re: ')");
///
/// let named: Filter<User> = "displayName eq 'Adele'".into();
/// let filter = User::ACCOUNT_ENABLED.eq(true).and(named);
/// assert_eq!(filter.to_string(), "accountEnabled eq true and (displayName eq 'Adele')");
/// ```
///
/// <https://learn.microsoft.com/graph/filter-query-parameter>
pub struct Filter<M> {
    text: String,
    shape: Shape,
    /// The reason why the condition cannot be sent.
    wrong: Option<&'static str>,
    model: PhantomData<fn(M)>,
}

/// The outer form of a condition, which decides where it needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Term,
    And,
    Or,
    /// Text that the caller wrote.
    Text,
}

impl<M> Filter<M> {
    fn new(text: String, shape: Shape) -> Self {
        Self {
            text,
            shape,
            wrong: None,
            model: PhantomData,
        }
    }

    fn term(text: String) -> Self {
        Self::new(text, Shape::Term)
    }

    /// Combines two conditions with `and`.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// let filter = User::CITY.eq("Oslo").and(User::ACCOUNT_ENABLED.eq(true));
    /// assert_eq!(filter.to_string(), "city eq 'Oslo' and accountEnabled eq true");
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.join(Shape::And, "and", &other.into())
    }

    /// Combines two conditions with `or`.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// let filter = User::CITY
    ///     .eq("Oslo")
    ///     .or(User::CITY.eq("Bergen"))
    ///     .and(User::ACCOUNT_ENABLED.eq(true));
    /// assert_eq!(
    ///     filter.to_string(),
    ///     "(city eq 'Oslo' or city eq 'Bergen') and accountEnabled eq true"
    /// );
    /// ```
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.join(Shape::Or, "or", &other.into())
    }

    fn join(self, by: Shape, word: &str, other: &Self) -> Self {
        let text = format!("{} {word} {}", self.within(by), other.within(by));
        Self {
            wrong: self.wrong.or(other.wrong),
            ..Self::new(text, by)
        }
    }

    /// Returns the text as a part of a condition of another shape.
    fn within(&self, outer: Shape) -> String {
        if self.shape == Shape::Term || self.shape == outer {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    /// Returns the text, or the reason why it cannot be sent.
    #[doc(hidden)]
    pub fn finish(self) -> Result<String, &'static str> {
        match self.wrong {
            Some(reason) => Err(reason),
            None => Ok(self.text),
        }
    }

    /// Returns a condition on the model that has a list of `M`: the quantifier (`any` or `all`)
    /// applied to this condition.
    fn of_items<N>(self, quantifier: &str, variable: &str) -> Filter<N> {
        Filter {
            wrong: self.wrong,
            ..Filter::term(format!("{quantifier}({variable}:{})", self.text))
        }
    }
}

/// Negates the condition.
///
/// ```
/// # use msgraph::models::User;
/// let filter = !User::MAIL.endswith("@contoso.com");
/// assert_eq!(filter.to_string(), "not(endswith(mail,'@contoso.com'))");
/// ```
impl<M> Not for Filter<M> {
    type Output = Self;

    fn not(self) -> Self {
        Self {
            wrong: self.wrong,
            ..Self::term(format!("not({})", self.text))
        }
    }
}

impl<M> From<String> for Filter<M> {
    fn from(text: String) -> Self {
        Self::new(text, Shape::Text)
    }
}

impl<M> From<&str> for Filter<M> {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl<M> From<&String> for Filter<M> {
    fn from(text: &String) -> Self {
        Self::from(text.clone())
    }
}

impl<M> Clone for Filter<M> {
    fn clone(&self) -> Self {
        Self {
            wrong: self.wrong,
            ..Self::new(self.text.clone(), self.shape)
        }
    }
}

/// Formats the condition in OData's syntax, not encoded for a URL.
impl<M> Display for Filter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<M> fmt::Debug for Filter<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}

fn compare<M, T>(path: PropertyPath<M, T>, operator: &str, value: &dyn Literal<T>) -> Filter<M> {
    Filter::term(format!("{path} {operator} {}", value.literal()))
}

fn call<M>(
    function: &str,
    path: PropertyPath<M, String>,
    value: &dyn Literal<String>,
) -> Filter<M> {
    Filter::term(format!("{function}({path},{})", value.literal()))
}

fn is_in<M, T, V: Literal<T>>(
    path: PropertyPath<M, T>,
    values: impl IntoIterator<Item = V>,
) -> Filter<M> {
    let values: Vec<_> = values.into_iter().map(|value| value.literal()).collect();
    Filter {
        wrong: values
            .is_empty()
            .then_some("a filter with `in` has an empty list of values"),
        ..Filter::term(format!("{path} in ({})", values.join(",")))
    }
}

fn items<M, X>(
    path: PropertyPath<M, Vec<X>>,
    quantifier: &str,
    condition: impl FnOnce(PropertyPath<X, X>) -> Filter<X>,
) -> Filter<M> {
    let (variable, item) = path.item();
    condition(item).of_items(&format!("{path}/{quantifier}"), &variable)
}

/// Defines the same methods on each type that names a value.
macro_rules! conditions {
    ($($type:ident)*) => {$(
        impl<M, T> $type<M, T> {
            /// Tests whether the value equals this one: `eq`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// assert_eq!(
            ///     User::DISPLAY_NAME.eq("O'Brien").to_string(),
            ///     "displayName eq 'O''Brien'"
            /// );
            /// ```
            pub fn eq(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "eq", &value)
            }

            /// Tests whether the value differs from this one, or is missing: `ne`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// use msgraph::query::Null;
            ///
            /// assert_eq!(User::MAIL.ne(Null).to_string(), "mail ne null");
            /// ```
            pub fn ne(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "ne", &value)
            }

            /// Tests whether the value is greater or later: `gt`.
            ///
            /// ```
            /// # use msgraph::models::DriveItem;
            /// assert_eq!(DriveItem::SIZE.gt(1_000_000).to_string(), "size gt 1000000");
            /// ```
            pub fn gt(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "gt", &value)
            }

            /// Tests whether the value is greater, later or equal: `ge`.
            ///
            /// ```
            /// # use msgraph::models::Message;
            /// use msgraph::model::edm::DateTimeOffset;
            ///
            /// let since: DateTimeOffset = "2026-01-01T00:00:00+01:00".parse()?;
            /// let filter = Message::RECEIVED_DATE_TIME.ge(since);
            /// assert_eq!(filter.to_string(), "receivedDateTime ge 2025-12-31T23:00:00Z");
            /// # Ok::<(), msgraph::model::edm::ParseError>(())
            /// ```
            pub fn ge(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "ge", &value)
            }

            /// Tests whether the value is less or earlier: `lt`.
            ///
            /// ```
            /// # use msgraph::models::DriveItem;
            /// assert_eq!(DriveItem::SIZE.lt(1_000_000).to_string(), "size lt 1000000");
            /// ```
            pub fn lt(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "lt", &value)
            }

            /// Tests whether the value is less, earlier or equal: `le`.
            ///
            /// ```
            /// # use msgraph::models::DriveItem;
            /// assert_eq!(DriveItem::SIZE.le(1_000_000).to_string(), "size le 1000000");
            /// ```
            pub fn le(self, value: impl Literal<T>) -> Filter<M> {
                compare(self.into(), "le", &value)
            }

            /// Tests whether the value is one of these: `in`.
            ///
            /// A call with an empty list is an error and is not sent, because OData does not have
            /// such a condition.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// let filter = User::CITY.is_in(["Oslo", "Bergen"]);
            /// assert_eq!(filter.to_string(), "city in ('Oslo','Bergen')");
            /// ```
            pub fn is_in<V: Literal<T>>(self, values: impl IntoIterator<Item = V>) -> Filter<M> {
                is_in(self.into(), values)
            }
        }

        impl<M> $type<M, String> {
            /// Tests whether the text begins with this one: `startswith`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// let filter = User::DISPLAY_NAME.startswith("A");
            /// assert_eq!(filter.to_string(), "startswith(displayName,'A')");
            /// ```
            pub fn startswith(self, text: impl Literal<String>) -> Filter<M> {
                call("startswith", self.into(), &text)
            }

            /// Tests whether the text ends with this one: `endswith`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// let filter = User::MAIL.endswith("@contoso.com");
            /// assert_eq!(filter.to_string(), "endswith(mail,'@contoso.com')");
            /// ```
            pub fn endswith(self, text: impl Literal<String>) -> Filter<M> {
                call("endswith", self.into(), &text)
            }

            /// Tests whether the value contains this text: `contains`. The directory does not
            /// support it.
            ///
            /// ```
            /// # use msgraph::models::Message;
            /// let filter = Message::SUBJECT.contains("invoice");
            /// assert_eq!(filter.to_string(), "contains(subject,'invoice')");
            /// ```
            pub fn contains(self, text: impl Literal<String>) -> Filter<M> {
                call("contains", self.into(), &text)
            }
        }

        impl<M, E: OpenEnum> $type<M, Flags<E>> {
            /// Tests whether these members are in the set: `has`.
            ///
            /// ```
            /// # use msgraph::models::{ChatMessageActions, ChatMessageHistoryItem};
            /// let filter = ChatMessageHistoryItem::ACTIONS.has(ChatMessageActions::ReactionAdded);
            /// assert_eq!(filter.to_string(), "actions has 'reactionAdded'");
            /// ```
            pub fn has(self, words: impl Literal<Flags<E>>) -> Filter<M> {
                compare(self.into(), "has", &words)
            }
        }

        impl<M, X> $type<M, Vec<X>> {
            /// Tests whether at least one item meets the condition: `any`.
            ///
            /// ```
            /// # use msgraph::models::{AssignedLicense, Group, User};
            /// let filter = Group::GROUP_TYPES.any(|kind| kind.eq("Unified"));
            /// assert_eq!(filter.to_string(), "groupTypes/any(x:x eq 'Unified')");
            ///
            /// let sku = "184efa21-98c3-4e5d-95ab-d07053a96e67".parse::<uuid::Uuid>()?;
            /// let filter = User::ASSIGNED_LICENSES
            ///     .any(|license| (license / AssignedLicense::SKU_ID).eq(sku));
            /// assert_eq!(
            ///     filter.to_string(),
            ///     "assignedLicenses/any(x:x/skuId eq 184efa21-98c3-4e5d-95ab-d07053a96e67)"
            /// );
            /// # Ok::<(), uuid::Error>(())
            /// ```
            pub fn any(self, condition: impl FnOnce(PropertyPath<X, X>) -> Filter<X>) -> Filter<M> {
                items(self.into(), "any", condition)
            }

            /// Tests whether all items meet the condition: `all`.
            ///
            /// ```
            /// # use msgraph::models::Group;
            /// let filter = Group::PROXY_ADDRESSES.all(|address| address.startswith("smtp:"));
            /// assert_eq!(filter.to_string(), "proxyAddresses/all(x:startswith(x,'smtp:'))");
            /// ```
            pub fn all(self, condition: impl FnOnce(PropertyPath<X, X>) -> Filter<X>) -> Filter<M> {
                items(self.into(), "all", condition)
            }

            /// Tests whether the collection has an item: `any()`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// assert_eq!(
            ///     User::ASSIGNED_LICENSES.has_items().to_string(),
            ///     "assignedLicenses/any()"
            /// );
            /// ```
            pub fn has_items(self) -> Filter<M> {
                Filter::term(format!("{}/any()", PropertyPath::from(self)))
            }

            /// Returns the number of items for use in a condition: `$count`.
            ///
            /// ```
            /// # use msgraph::models::User;
            /// let filter = User::ASSIGNED_LICENSES.count_items().eq(0);
            /// assert_eq!(filter.to_string(), "assignedLicenses/$count eq 0");
            /// ```
            pub fn count_items(self) -> PropertyPath<M, i64> {
                PropertyPath::from(self).count()
            }
        }
    )*};
}

conditions!(Property Navigation PropertyPath);
