//! Shorthands for the people of messages and events.

use msgraph_core::model::Model;

use crate::EmailAddress;

impl EmailAddress {
    /// Creates an address without a name.
    ///
    /// ```
    /// use msgraph::models::EmailAddress;
    ///
    /// let adele = EmailAddress::from_address("adele@contoso.com");
    /// assert_eq!(adele, EmailAddress::from("adele@contoso.com"));
    /// ```
    pub fn from_address(address: impl Into<String>) -> Self {
        Self::new().set(Self::ADDRESS, address.into())
    }

    /// Returns the address with a name.
    ///
    /// ```
    /// use msgraph::models::EmailAddress;
    ///
    /// let adele = EmailAddress::from_address("adele@contoso.com").with_name("Adele Vance");
    /// assert_eq!(adele.name.as_deref(), Some("Adele Vance"));
    /// ```
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        self.set(Self::NAME, name.into())
    }
}

/// Implements `From` of an email address as text.
macro_rules! from_text {
    ($($type:ident)*) => {$(
        impl From<&str> for $type {
            fn from(address: &str) -> Self {
                Self::from_address(address)
            }
        }

        impl From<String> for $type {
            fn from(address: String) -> Self {
                Self::from_address(address)
            }
        }

        impl From<&String> for $type {
            fn from(address: &String) -> Self {
                Self::from_address(address.as_str())
            }
        }
    )*};
}

from_text!(EmailAddress);

#[cfg(has_model = "recipient")]
mod recipient {
    use msgraph_core::model::Model;

    use crate::{EmailAddress, Recipient};

    impl Recipient {
        /// Creates a recipient: an email address as text, or an [`EmailAddress`] with a name.
        ///
        /// ```
        /// use msgraph::Model;
        /// use msgraph::models::{Message, Recipient};
        ///
        /// let adele = Recipient::from_address("adele@contoso.com");
        /// // Text converts by itself.
        /// let message = Message::new()
        ///     .set(Message::TO_RECIPIENTS, [adele])
        ///     .set(Message::CC_RECIPIENTS, ["alex@contoso.com", "megan@contoso.com"]);
        /// assert_eq!(message.cc_recipients.map(|people| people.len()), Some(2));
        /// ```
        pub fn from_address(address: impl Into<EmailAddress>) -> Self {
            Self::new().set(Self::EMAIL_ADDRESS, address.into())
        }
    }

    from_text!(Recipient);

    impl From<EmailAddress> for Recipient {
        fn from(address: EmailAddress) -> Self {
            Self::from_address(address)
        }
    }
}

#[cfg(has_model = "attendee")]
mod attendee {
    use msgraph_core::model::Model;

    use crate::{Attendee, AttendeeType, EmailAddress};

    impl Attendee {
        /// Creates an attendee who has to be there: an email address as text, or an
        /// [`EmailAddress`] with a name.
        ///
        /// ```
        /// use msgraph::Model;
        /// use msgraph::models::{Attendee, Event};
        ///
        /// let event = Event::new().set(
        ///     Event::ATTENDEES,
        ///     [
        ///         Attendee::required("adele@contoso.com"),
        ///         Attendee::optional("alex@contoso.com"),
        ///         Attendee::resource("room1@contoso.com"),
        ///     ],
        /// );
        /// assert_eq!(event.attendees.map(|attendees| attendees.len()), Some(3));
        /// ```
        pub fn required(address: impl Into<EmailAddress>) -> Self {
            Self::with_type(address.into(), AttendeeType::Required)
        }

        /// Creates an attendee who may be there.
        pub fn optional(address: impl Into<EmailAddress>) -> Self {
            Self::with_type(address.into(), AttendeeType::Optional)
        }

        /// Creates a resource, such as a room.
        pub fn resource(address: impl Into<EmailAddress>) -> Self {
            Self::with_type(address.into(), AttendeeType::Resource)
        }

        fn with_type(address: EmailAddress, of: AttendeeType) -> Self {
            Self::new()
                .set(Self::EMAIL_ADDRESS, address)
                .set(Self::TYPE, of)
        }
    }
}
