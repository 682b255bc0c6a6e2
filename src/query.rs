//! OData's system query options: what goes into `$select`, `$expand`, `$orderby`, `$filter` and `$search`.
//!
//! The options themselves are methods of [`Call`](crate::call::Call). They take names of properties and navigations,
//! which every model has as constants, and plain text wherever a name will do.
//!
//! ```
//! use msgraph::models::{Group, User};
//! use msgraph::query::Expand;
//!
//! let members = Group::MEMBERS.select(["id", "displayName"]).top(5);
//! assert_eq!(members.to_string(), "members($select=id,displayName;$top=5)");
//! assert_eq!(User::DISPLAY_NAME.desc().to_string(), "displayName desc");
//! ```
//!
//! Nothing is encoded here: that happens once, when the call goes out.
//!
//! <https://learn.microsoft.com/graph/query-parameters>

use std::fmt::{self, Display};
use std::marker::PhantomData;

use crate::model::{Model, Navigation, Property};

/// Text as a literal of OData: in single quotes, with each quote inside doubled.
///
/// ```
/// use msgraph::query::literal;
///
/// assert_eq!(literal("O'Brien"), "'O''Brien'");
/// ```
///
/// [OData 4.01, URL Conventions, 2](https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html)
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A list in the making, joined by commas.
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
#[derive(Debug, Default)]
pub struct CommaList(String);

impl CommaList {
    /// Adds an item; an empty one is none.
    pub fn push(&mut self, item: &str) {
        if item.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(item);
    }

    pub(crate) fn collect(add: impl FnOnce(&mut Self)) -> String {
        let mut list = Self::default();
        add(&mut list);
        list.0
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

/// Tuples of one item up to as many as are named.
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

/// What `$select` takes of a model `M`: a property, a plain name, or several of either.
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
    note = "a property of another model, such as a derived one, goes by its name: `Other::PROPERTY.name()`"
)]
pub trait Selection<M> {
    /// Adds its names to the list.
    fn add_to(&self, list: &mut CommaList);
}

/// What `$orderby` takes of a model `M`: a property, one with a direction, plain text, or several.
///
/// ```
/// use msgraph::models::Message;
/// use msgraph::query::OrderBy;
///
/// fn takes(_: impl OrderBy<Message>) {}
/// takes(Message::SUBJECT);
/// takes(("from/emailAddress/name desc", Message::SUBJECT));
/// ```
#[diagnostic::on_unimplemented(message = "`{M}` cannot be ordered by `{Self}`")]
pub trait OrderBy<M> {
    /// Adds its criteria to the list.
    fn add_to(&self, list: &mut CommaList);
}

/// What `$expand` takes of a model `M`: a navigation, one with options, plain text, or several.
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
    /// Adds its navigations to the list.
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

/// A property and a direction, for `$orderby`.
///
/// ```
/// use msgraph::models::User;
///
/// assert_eq!(User::DISPLAY_NAME.asc().to_string(), "displayName asc");
/// ```
pub struct Order<M> {
    property: &'static str,
    direction: &'static str,
    model: PhantomData<fn() -> M>,
}

impl<M, T> Property<M, T> {
    /// From the smallest value to the largest, which is the order where none is said.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MAIL.asc().to_string(), "mail asc");
    /// ```
    pub fn asc(self) -> Order<M> {
        Order {
            property: self.name(),
            direction: "asc",
            model: PhantomData,
        }
    }

    /// From the largest value to the smallest.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MAIL.desc().to_string(), "mail desc");
    /// ```
    pub fn desc(self) -> Order<M> {
        Order {
            property: self.name(),
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
        *self
    }
}

impl<M> Copy for Order<M> {}

/// What a navigation leads to: a model, or a collection of them.
pub trait Target {
    /// The model of the one or the many.
    type Model;
}

impl<T: Model> Target for T {
    type Model = T;
}

impl<T: Model> Target for Vec<T> {
    type Model = T;
}

impl<M, T> Expand<M> for Navigation<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(self.name());
    }
}

impl<M, T> Expand<M> for Expanded<M, T> {
    fn add_to(&self, list: &mut CommaList) {
        list.push(&self.to_string());
    }
}

/// A navigation with options of its own, for `$expand`.
///
/// Made by the methods of the same names of [`Navigation`]. Which of them a service takes is its own affair; the
/// directory takes `$select` alone.
///
/// ```
/// use msgraph::models::{DirectoryObject, User};
///
/// let manager = User::MANAGER.levels("max").select((DirectoryObject::ID, "displayName"));
/// assert_eq!(manager.to_string(), "manager($levels=max;$select=id,displayName)");
/// ```
pub struct Expanded<M, T> {
    name: &'static str,
    options: Vec<(&'static str, String)>,
    target: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Expanded<M, T> {
    fn new(navigation: Navigation<M, T>) -> Self {
        Self {
            name: navigation.name(),
            options: Vec::new(),
            target: PhantomData,
        }
    }

    fn set(
        mut self,
        name: &'static str,
        value: String,
        join: impl FnOnce(&str, &str) -> String,
    ) -> Self {
        match self.options.iter_mut().find(|(there, _)| *there == name) {
            Some((_, there)) => *there = join(there, &value),
            None => self.options.push((name, value)),
        }
        self
    }

    fn extend(self, name: &'static str, add: impl FnOnce(&mut CommaList)) -> Self {
        match CommaList::collect(add) {
            list if list.is_empty() => self,
            list => self.set(name, list, |there, more| format!("{there},{more}")),
        }
    }

    fn replace(self, name: &'static str, value: impl Display) -> Self {
        self.set(name, value.to_string(), |_, value| value.to_owned())
    }
}

macro_rules! nested {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) |$expanded:ident| $body:expr;)*) => {
        impl<M, T: Target> Navigation<M, T> {$(
            $(#[$doc])*
            pub fn $name(self, $($argument: $type),*) -> Expanded<M, T> {
                Expanded::new(self).$name($($argument),*)
            }
        )*}

        impl<M, T: Target> Expanded<M, T> {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(self, $($argument: $type),*) -> Self {
                let $expanded = self;
                $body
            }
        )*}
    };
}

nested! {
    /// Only these properties of what is expanded: `($select=…)`.
    ///
    /// ```
    /// # use msgraph::models::ListItem;
    /// assert_eq!(ListItem::FIELDS.select(["Title"]).to_string(), "fields($select=Title)");
    /// ```
    select(properties: impl Selection<T::Model>)
        |expanded| expanded.extend("$select", |list| properties.add_to(list));

    /// What is related to what is expanded: `($expand=…)`.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MANAGER.expand("memberOf").to_string(), "manager($expand=memberOf)");
    /// ```
    expand(navigations: impl Expand<T::Model>)
        |expanded| expanded.extend("$expand", |list| navigations.add_to(list));

    /// The order of what is expanded: `($orderby=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.orderby("id desc").to_string(), "members($orderby=id desc)");
    /// ```
    orderby(order: impl OrderBy<T::Model>)
        |expanded| expanded.extend("$orderby", |list| order.add_to(list));

    /// Only what meets a condition: `($filter=…)`. Several filters have to be met all.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.filter("id eq '1'").to_string(), "members($filter=id eq '1')");
    /// ```
    filter(filter: impl Into<Filter>)
        |expanded| expanded.set("$filter", filter.into().into_text(), |there, more| format!("({there}) and ({more})"));

    /// Only so many: `($top=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.top(5).to_string(), "members($top=5)");
    /// ```
    top(items: u32) |expanded| expanded.replace("$top", items);

    /// Not the first so many: `($skip=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.skip(5).to_string(), "members($skip=5)");
    /// ```
    skip(items: u32) |expanded| expanded.replace("$skip", items);

    /// Their number along with them: `($count=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.count(true).to_string(), "members($count=true)");
    /// ```
    count(count: bool) |expanded| expanded.replace("$count", count);

    /// The same navigation again from what is expanded, so many times or `max`: `($levels=…)`.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MANAGER.levels(3).to_string(), "manager($levels=3)");
    /// ```
    levels(levels: impl Display) |expanded| expanded.replace("$levels", levels);
}

impl<M, T> Display for Expanded<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        for (place, (name, value)) in self.options.iter().enumerate() {
            let before = if place == 0 { '(' } else { ';' };
            write!(f, "{before}{name}={value}")?;
        }
        f.write_str(if self.options.is_empty() { "" } else { ")" })
    }
}

impl<M, T> fmt::Debug for Expanded<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expanded({self})")
    }
}

impl<M, T> Clone for Expanded<M, T> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            options: self.options.clone(),
            target: PhantomData,
        }
    }
}

/// A condition for `$filter`, as text in OData's language.
///
/// ```
/// use msgraph::query::{Filter, literal};
///
/// let filter = Filter::from(format!("displayName eq {}", literal("O'Brien")));
/// assert_eq!(filter.to_string(), "displayName eq 'O''Brien'");
/// ```
///
/// <https://learn.microsoft.com/graph/filter-query-parameter>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Filter(String);

impl Filter {
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl From<String> for Filter {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Filter {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&String> for Filter {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What `$search` looks for.
///
/// Text is one term: it is put into double quotes, and quotes and backslashes in it are escaped. For the directory a
/// term is `property:text`; for mail it is an expression in KQL.
///
/// ```
/// use msgraph::query::Search;
///
/// let search = Search::from("displayName:teams");
/// assert_eq!(search.to_string(), r#""displayName:teams""#);
///
/// let search = Search::from("displayName:one").or("displayName:two").and("mail:contoso");
/// assert_eq!(
///     search.to_string(),
///     r#"("displayName:one" OR "displayName:two") AND "mail:contoso""#
/// );
/// ```
///
/// <https://learn.microsoft.com/graph/search-query-parameter>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Search {
    text: String,
    joined: Joined,
}

/// What a search is joined by on its outside, which decides where it needs parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Joined {
    Term,
    And,
    Or,
    /// Written by the caller.
    Unknown,
}

impl Search {
    /// A search that is written out already, quotes and all.
    ///
    /// ```
    /// use msgraph::query::Search;
    ///
    /// let people = Search::raw("adele");
    /// assert_eq!(people.to_string(), "adele");
    /// ```
    pub fn raw(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            joined: Joined::Unknown,
        }
    }

    /// What both find.
    ///
    /// ```
    /// # use msgraph::query::Search;
    /// assert_eq!(Search::from("a").and("b").to_string(), r#""a" AND "b""#);
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Self>) -> Self {
        self.join(Joined::And, " AND ", &other.into())
    }

    /// What either finds.
    ///
    /// ```
    /// # use msgraph::query::Search;
    /// assert_eq!(Search::from("a").or("b").to_string(), r#""a" OR "b""#);
    /// ```
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        self.join(Joined::Or, " OR ", &other.into())
    }

    fn join(self, by: Joined, word: &str, other: &Self) -> Self {
        Self {
            text: [&self.within(by), word, &other.within(by)].concat(),
            joined: by,
        }
    }

    fn within(&self, outer: Joined) -> String {
        if self.joined == Joined::Term || self.joined == outer {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl From<&str> for Search {
    fn from(term: &str) -> Self {
        let mut text = String::with_capacity(term.len() + 2);
        text.push('"');
        for sign in term.chars() {
            if matches!(sign, '"' | '\\') {
                text.push('\\');
            }
            text.push(sign);
        }
        text.push('"');
        Self {
            text,
            joined: Joined::Term,
        }
    }
}

impl From<String> for Search {
    fn from(term: String) -> Self {
        Self::from(term.as_str())
    }
}

impl From<&String> for Search {
    fn from(term: &String) -> Self {
        Self::from(term.as_str())
    }
}

impl Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
