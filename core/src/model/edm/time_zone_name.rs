//! The names of time zones: those of Windows and those of the IANA database.

/// The names of Windows and the IANA name of each, as the Unicode CLDR maps them for the territory
/// `001`. They are in the order of their lowercase letters.
///
/// <https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml>
#[rustfmt::skip]
const WINDOWS: &[(&str, &str)] = &[
    ("Afghanistan Standard Time", "Asia/Kabul"),
    ("Alaskan Standard Time", "America/Anchorage"),
    ("Alberta Standard Time", "America/Edmonton"),
    ("Aleutian Standard Time", "America/Adak"),
    ("Altai Standard Time", "Asia/Barnaul"),
    ("Arab Standard Time", "Asia/Riyadh"),
    ("Arabian Standard Time", "Asia/Dubai"),
    ("Arabic Standard Time", "Asia/Baghdad"),
    ("Argentina Standard Time", "America/Buenos_Aires"),
    ("Astrakhan Standard Time", "Europe/Astrakhan"),
    ("Atlantic Standard Time", "America/Halifax"),
    ("AUS Central Standard Time", "Australia/Darwin"),
    ("Aus Central W. Standard Time", "Australia/Eucla"),
    ("AUS Eastern Standard Time", "Australia/Sydney"),
    ("Azerbaijan Standard Time", "Asia/Baku"),
    ("Azores Standard Time", "Atlantic/Azores"),
    ("Bahia Standard Time", "America/Bahia"),
    ("Bangladesh Standard Time", "Asia/Dhaka"),
    ("Belarus Standard Time", "Europe/Minsk"),
    ("Bougainville Standard Time", "Pacific/Bougainville"),
    ("British Columbia Standard Time", "America/Vancouver"),
    ("Canada Central Standard Time", "America/Regina"),
    ("Cape Verde Standard Time", "Atlantic/Cape_Verde"),
    ("Caucasus Standard Time", "Asia/Yerevan"),
    ("Cen. Australia Standard Time", "Australia/Adelaide"),
    ("Central America Standard Time", "America/Guatemala"),
    ("Central Asia Standard Time", "Asia/Bishkek"),
    ("Central Brazilian Standard Time", "America/Cuiaba"),
    ("Central Europe Standard Time", "Europe/Budapest"),
    ("Central European Standard Time", "Europe/Warsaw"),
    ("Central Pacific Standard Time", "Pacific/Guadalcanal"),
    ("Central Standard Time", "America/Chicago"),
    ("Central Standard Time (Mexico)", "America/Mexico_City"),
    ("Chatham Islands Standard Time", "Pacific/Chatham"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Cuba Standard Time", "America/Havana"),
    ("Dateline Standard Time", "Etc/GMT+12"),
    ("E. Africa Standard Time", "Africa/Nairobi"),
    ("E. Australia Standard Time", "Australia/Brisbane"),
    ("E. Europe Standard Time", "Europe/Chisinau"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("Easter Island Standard Time", "Pacific/Easter"),
    ("Eastern Standard Time", "America/New_York"),
    ("Eastern Standard Time (Mexico)", "America/Cancun"),
    ("Egypt Standard Time", "Africa/Cairo"),
    ("Ekaterinburg Standard Time", "Asia/Yekaterinburg"),
    ("Fiji Standard Time", "Pacific/Fiji"),
    ("FLE Standard Time", "Europe/Kiev"),
    ("Georgian Standard Time", "Asia/Tbilisi"),
    ("GMT Standard Time", "Europe/London"),
    ("Greenland Standard Time", "America/Godthab"),
    ("Greenwich Standard Time", "Atlantic/Reykjavik"),
    ("GTB Standard Time", "Europe/Bucharest"),
    ("Haiti Standard Time", "America/Port-au-Prince"),
    ("Hawaiian Standard Time", "Pacific/Honolulu"),
    ("India Standard Time", "Asia/Calcutta"),
    ("Iran Standard Time", "Asia/Tehran"),
    ("Israel Standard Time", "Asia/Jerusalem"),
    ("Jordan Standard Time", "Asia/Amman"),
    ("Kaliningrad Standard Time", "Europe/Kaliningrad"),
    ("Korea Standard Time", "Asia/Seoul"),
    ("Libya Standard Time", "Africa/Tripoli"),
    ("Line Islands Standard Time", "Pacific/Kiritimati"),
    ("Lord Howe Standard Time", "Australia/Lord_Howe"),
    ("Magadan Standard Time", "Asia/Magadan"),
    ("Magallanes Standard Time", "America/Punta_Arenas"),
    ("Manitoba Standard Time", "America/Winnipeg"),
    ("Marquesas Standard Time", "Pacific/Marquesas"),
    ("Mauritius Standard Time", "Indian/Mauritius"),
    ("Middle East Standard Time", "Asia/Beirut"),
    ("Montevideo Standard Time", "America/Montevideo"),
    ("Morocco Standard Time", "Africa/Casablanca"),
    ("Mountain Standard Time", "America/Denver"),
    ("Mountain Standard Time (Mexico)", "America/Mazatlan"),
    ("Myanmar Standard Time", "Asia/Rangoon"),
    ("N. Central Asia Standard Time", "Asia/Novosibirsk"),
    ("Namibia Standard Time", "Africa/Windhoek"),
    ("Nepal Standard Time", "Asia/Katmandu"),
    ("New Zealand Standard Time", "Pacific/Auckland"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("Norfolk Standard Time", "Pacific/Norfolk"),
    ("North Asia East Standard Time", "Asia/Irkutsk"),
    ("North Asia Standard Time", "Asia/Krasnoyarsk"),
    ("North Korea Standard Time", "Asia/Pyongyang"),
    ("Omsk Standard Time", "Asia/Omsk"),
    ("Pacific SA Standard Time", "America/Santiago"),
    ("Pacific Standard Time", "America/Los_Angeles"),
    ("Pacific Standard Time (Mexico)", "America/Tijuana"),
    ("Pakistan Standard Time", "Asia/Karachi"),
    ("Paraguay Standard Time", "America/Asuncion"),
    ("Qyzylorda Standard Time", "Asia/Qyzylorda"),
    ("Romance Standard Time", "Europe/Paris"),
    ("Russia Time Zone 10", "Asia/Srednekolymsk"),
    ("Russia Time Zone 11", "Asia/Kamchatka"),
    ("Russia Time Zone 3", "Europe/Samara"),
    ("Russian Standard Time", "Europe/Moscow"),
    ("SA Eastern Standard Time", "America/Cayenne"),
    ("SA Pacific Standard Time", "America/Bogota"),
    ("SA Western Standard Time", "America/La_Paz"),
    ("Saint Pierre Standard Time", "America/Miquelon"),
    ("Sakhalin Standard Time", "Asia/Sakhalin"),
    ("Samoa Standard Time", "Pacific/Apia"),
    ("Sao Tome Standard Time", "Africa/Sao_Tome"),
    ("Saratov Standard Time", "Europe/Saratov"),
    ("SE Asia Standard Time", "Asia/Bangkok"),
    ("Singapore Standard Time", "Asia/Singapore"),
    ("South Africa Standard Time", "Africa/Johannesburg"),
    ("South Sudan Standard Time", "Africa/Juba"),
    ("Sri Lanka Standard Time", "Asia/Colombo"),
    ("Sudan Standard Time", "Africa/Khartoum"),
    ("Syria Standard Time", "Asia/Damascus"),
    ("Taipei Standard Time", "Asia/Taipei"),
    ("Tasmania Standard Time", "Australia/Hobart"),
    ("Tocantins Standard Time", "America/Araguaina"),
    ("Tokyo Standard Time", "Asia/Tokyo"),
    ("Tomsk Standard Time", "Asia/Tomsk"),
    ("Tonga Standard Time", "Pacific/Tongatapu"),
    ("Transbaikal Standard Time", "Asia/Chita"),
    ("Turkey Standard Time", "Europe/Istanbul"),
    ("Turks And Caicos Standard Time", "America/Grand_Turk"),
    ("Ulaanbaatar Standard Time", "Asia/Ulaanbaatar"),
    ("US Eastern Standard Time", "America/Indianapolis"),
    ("US Mountain Standard Time", "America/Phoenix"),
    ("UTC", "Etc/UTC"),
    ("UTC+12", "Etc/GMT-12"),
    ("UTC+13", "Etc/GMT-13"),
    ("UTC-02", "Etc/GMT+2"),
    ("UTC-08", "Etc/GMT+8"),
    ("UTC-09", "Etc/GMT+9"),
    ("UTC-11", "Etc/GMT+11"),
    ("Venezuela Standard Time", "America/Caracas"),
    ("Vladivostok Standard Time", "Asia/Vladivostok"),
    ("Volgograd Standard Time", "Europe/Volgograd"),
    ("W. Australia Standard Time", "Australia/Perth"),
    ("W. Central Africa Standard Time", "Africa/Lagos"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("W. Mongolia Standard Time", "Asia/Hovd"),
    ("West Asia Standard Time", "Asia/Tashkent"),
    ("West Bank Standard Time", "Asia/Hebron"),
    ("West Pacific Standard Time", "Pacific/Port_Moresby"),
    ("Yakutsk Standard Time", "Asia/Yakutsk"),
    ("Yukon Standard Time", "America/Whitehorse"),
];

/// The names of UTC that Graph takes or sends.
const UTC: &[&str] = &[
    "UTC",
    "Etc/UTC",
    "Etc/GMT",
    "GMT",
    "Z",
    "tzone://Microsoft/Utc",
];

/// The beginning of the names of zones that a client has defined.
const CUSTOM: &str = "tzone://";

/// The name of a time zone, in one of the forms that Graph takes and sends.
///
/// ```
/// use msgraph::model::edm::TimeZoneName;
///
/// let zone = TimeZoneName::new("W. Europe Standard Time");
/// assert_eq!(zone, TimeZoneName::Windows("W. Europe Standard Time"));
/// assert_eq!(zone.iana(), Some("Europe/Berlin"));
/// assert_eq!(TimeZoneName::new("Europe/Berlin").windows(), Some("W. Europe Standard Time"));
/// ```
///
/// <https://learn.microsoft.com/graph/api/resources/datetimetimezone>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeZoneName<'n> {
    /// UTC, under any of its names.
    Utc,
    /// A name of Windows, `Pacific Standard Time`.
    Windows(&'n str),
    /// A name of the IANA database, `America/Los_Angeles`. The name is not checked.
    Iana(&'n str),
    /// A name that only the calendar knows, `tzone://Microsoft/Custom`. Graph does not say its
    /// rules. With `Prefer: outlook.timezone="UTC"`, it sends the times of such an event in UTC.
    Custom(&'n str),
}

impl<'n> TimeZoneName<'n> {
    /// Reads the name of a zone. Names are compared without case, like Windows does.
    pub fn new(name: &'n str) -> Self {
        if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
            Self::Utc
        } else if find(name).is_some() {
            Self::Windows(name)
        } else if is_custom(name) || !is_iana(name) {
            Self::Custom(name)
        } else {
            Self::Iana(name)
        }
    }

    /// Returns the name in the IANA database, which chrono-tz, jiff and other libraries read.
    /// Returns `None` for a custom zone.
    pub fn iana(self) -> Option<&'n str> {
        match self {
            Self::Utc => Some("Etc/UTC"),
            Self::Windows(name) => find(name),
            Self::Iana(name) => Some(name),
            Self::Custom(_) => None,
        }
    }

    /// Returns the name in Windows. Returns `None` for a custom zone, and for a name of the IANA
    /// database that is not the main one of any Windows zone.
    pub fn windows(self) -> Option<&'n str> {
        match self {
            Self::Utc => Some("UTC"),
            Self::Windows(name) => Some(name),
            Self::Iana(name) => WINDOWS
                .iter()
                .find(|(_, iana)| iana.eq_ignore_ascii_case(name))
                .map(|(windows, _)| *windows),
            Self::Custom(_) => None,
        }
    }
}

/// Returns the IANA name of a Windows zone.
fn find(windows: &str) -> Option<&'static str> {
    let wanted = windows.to_ascii_lowercase();
    WINDOWS
        .binary_search_by(|(name, _)| name.to_ascii_lowercase().as_str().cmp(&wanted))
        .ok()
        .map(|found| WINDOWS[found].1)
}

fn is_custom(name: &str) -> bool {
    name.get(..CUSTOM.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(CUSTOM))
}

/// Checks whether a name has the form of the IANA database's names, such as
/// `America/Port-au-Prince` or `EST5EDT`.
fn is_iana(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_are_in_order() {
        let names = WINDOWS.iter().map(|(name, _)| name.to_ascii_lowercase());
        assert!(names.is_sorted());
        for (windows, iana) in WINDOWS.iter().filter(|(windows, _)| *windows != "UTC") {
            assert_eq!(TimeZoneName::new(windows).iana(), Some(*iana));
            assert_eq!(TimeZoneName::new(iana).iana(), Some(*iana));
            assert!(TimeZoneName::new(iana).windows().is_some(), "{iana}");
        }
    }

    #[test]
    fn zone_names_are_told_apart() {
        for (name, zone, iana) in [
            ("utc", TimeZoneName::Utc, Some("Etc/UTC")),
            ("tzone://Microsoft/Utc", TimeZoneName::Utc, Some("Etc/UTC")),
            (
                "pacific standard time",
                TimeZoneName::Windows("pacific standard time"),
                Some("America/Los_Angeles"),
            ),
            (
                "Europe/Oslo",
                TimeZoneName::Iana("Europe/Oslo"),
                Some("Europe/Oslo"),
            ),
            (
                "tzone://Microsoft/Custom",
                TimeZoneName::Custom("tzone://Microsoft/Custom"),
                None,
            ),
            (
                "Customized Time Zone",
                TimeZoneName::Custom("Customized Time Zone"),
                None,
            ),
            ("", TimeZoneName::Custom(""), None),
        ] {
            assert_eq!(TimeZoneName::new(name), zone, "{name}");
            assert_eq!(zone.iana(), iana, "{name}");
        }
        assert_eq!(TimeZoneName::new("Europe/Oslo").windows(), None);
    }
}
