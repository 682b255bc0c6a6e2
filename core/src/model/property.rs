//! The typed names of properties.

use std::fmt;
use std::marker::PhantomData;

/// The name of a structural property of the model `M`, and its type.
///
/// ```
/// use msgraph::models::User;
///
/// assert_eq!(User::DISPLAY_NAME.name(), "displayName");
/// ```
pub struct Property<M, T>(&'static str, PhantomData<fn(M) -> T>);

/// The name of a navigation property of the model `M`, and its target: one `T`, or a `Vec<T>` for
/// many.
///
/// Graph sends the target only if `$expand` asked for it.
///
/// ```
/// use msgraph::models::Message;
///
/// assert_eq!(Message::ATTACHMENTS.name(), "attachments");
/// ```
pub struct Navigation<M, T>(&'static str, PhantomData<fn(M) -> T>);

/// Creates a property, for generated code. A path to [`Property::new`] takes the compiler longer,
/// and there are twenty thousand of them.
pub const fn property<M, T>(name: &'static str) -> Property<M, T> {
    Property(name, PhantomData)
}

/// Creates a navigation property, for generated code, like [`property`].
pub const fn navigation<M, T>(name: &'static str) -> Navigation<M, T> {
    Navigation(name, PhantomData)
}

macro_rules! name {
    ($type:ident) => {
        impl<M, T> $type<M, T> {
            /// Creates a property of this name.
            pub const fn new(name: &'static str) -> Self {
                Self(name, PhantomData)
            }

            /// Returns Graph's name of the property.
            pub const fn name(&self) -> &'static str {
                self.0
            }
        }

        impl<M, T> Clone for $type<M, T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<M, T> Copy for $type<M, T> {}

        impl<M, T> fmt::Debug for $type<M, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($type)).field(&self.0).finish()
            }
        }

        impl<M, T> fmt::Display for $type<M, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }

        impl<M, T> PartialEq for $type<M, T> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<M, T> Eq for $type<M, T> {}
    };
}

name!(Property);
name!(Navigation);
