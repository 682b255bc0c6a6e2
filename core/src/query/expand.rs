//! Navigation properties with options of their own.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use super::{CommaList, Expand, Filter, OrderBy, Selection};
use crate::model::{Model, Navigation};

/// The target of a navigation: a model, or a collection of models.
pub trait Target {
    /// The model of the target or of its items.
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
        if let Some(reason) = self.wrong {
            list.refuse(reason);
        }
    }
}

/// A navigation with options of its own, for `$expand`.
///
/// The methods of the same names on [`Navigation`] create it. Each service supports its own set of
/// these options. The directory supports only `$select`.
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
    wrong: Option<&'static str>,
    target: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Expanded<M, T> {
    fn new(navigation: Navigation<M, T>) -> Self {
        Self {
            name: navigation.name(),
            options: Vec::new(),
            wrong: None,
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
        match CommaList::collect(add).finish() {
            Ok(list) if list.is_empty() => self,
            Ok(list) => self.set(name, list, |there, more| format!("{there},{more}")),
            Err(reason) => self.refuse(reason),
        }
    }

    fn and_filter(self, filter: Result<String, &'static str>) -> Self {
        match filter {
            Ok(filter) => self.set("$filter", filter, |there, more| {
                format!("({there}) and ({more})")
            }),
            Err(reason) => self.refuse(reason),
        }
    }

    /// Remembers the reason why the call cannot be sent.
    fn refuse(mut self, reason: &'static str) -> Self {
        self.wrong.get_or_insert(reason);
        self
    }

    fn replace(self, name: &'static str, value: impl Display) -> Self {
        self.set(name, value.to_string(), |_, value| value.to_owned())
    }
}

macro_rules! nested {
    ($(
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $type:ty),*) |$expanded:ident| $body:expr;
    )*) => {
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
    /// Asks for only these properties of the expanded entities: `($select=…)`.
    ///
    /// ```
    /// # use msgraph::models::ListItem;
    /// assert_eq!(ListItem::FIELDS.select(["Title"]).to_string(), "fields($select=Title)");
    /// ```
    select(properties: impl Selection<T::Model>)
        |expanded| expanded.extend("$select", |list| properties.add_to(list));

    /// Expands a relation of the expanded entities: `($expand=…)`.
    ///
    /// ```
    /// # use msgraph::models::User;
    /// assert_eq!(User::MANAGER.expand("memberOf").to_string(), "manager($expand=memberOf)");
    /// ```
    expand(navigations: impl Expand<T::Model>)
        |expanded| expanded.extend("$expand", |list| navigations.add_to(list));

    /// Sorts the expanded entities: `($orderby=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.orderby("id desc").to_string(), "members($orderby=id desc)");
    /// ```
    orderby(order: impl OrderBy<T::Model>)
        |expanded| expanded.extend("$orderby", |list| order.add_to(list));

    /// Asks for only the expanded entities that meet a condition: `($filter=…)`. Repeated calls are
    /// joined with `and`, so an entity has to meet all of the conditions.
    ///
    /// ```
    /// # use msgraph::models::{Extension, Message};
    /// let extension = Message::EXTENSIONS.filter(Extension::ID.eq("com.contoso.case"));
    /// assert_eq!(extension.to_string(), "extensions($filter=id eq 'com.contoso.case')");
    /// ```
    filter(filter: impl Into<Filter<T::Model>>)
        |expanded| expanded.and_filter(filter.into().finish());

    /// Limits the number of expanded entities: `($top=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.top(5).to_string(), "members($top=5)");
    /// ```
    top(items: u32) |expanded| expanded.replace("$top", items);

    /// Skips this number of expanded entities: `($skip=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.skip(5).to_string(), "members($skip=5)");
    /// ```
    skip(items: u32) |expanded| expanded.replace("$skip", items);

    /// Asks for the number of expanded entities together with them: `($count=…)`.
    ///
    /// ```
    /// # use msgraph::models::Group;
    /// assert_eq!(Group::MEMBERS.count(true).to_string(), "members($count=true)");
    /// ```
    count(count: bool) |expanded| expanded.replace("$count", count);

    /// Follows the same navigation again from the expanded entities, the given number of times or
    /// `max`: `($levels=…)`.
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
            wrong: self.wrong,
            target: PhantomData,
        }
    }
}
