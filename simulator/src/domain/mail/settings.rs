//! The settings of a new mailbox.

use serde_json::{Map, Value, json};

/// Returns the settings of a user's new mailbox.
///
/// <https://learn.microsoft.com/graph/api/resources/mailboxsettings>
pub(super) fn default(user: &Map<String, Value>) -> Value {
    let language = user.get("preferredLanguage").and_then(Value::as_str);
    let (locale, language, date, time) = match language {
        Some("en-GB") => ("en-GB", "English (United Kingdom)", "dd/MM/yyyy", "HH:mm"),
        _ => ("en-US", "English (United States)", "M/d/yyyy", "h:mm tt"),
    };
    let midnight = json!({ "dateTime": "2026-01-01T00:00:00.0000000", "timeZone": "UTC" });
    json!({
        "automaticRepliesSetting": {
            "status": "disabled", "externalAudience": "all",
            "internalReplyMessage": "", "externalReplyMessage": "",
            "scheduledStartDateTime": midnight, "scheduledEndDateTime": midnight,
        },
        "dateFormat": date,
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "language": { "locale": locale, "displayName": language },
        "timeFormat": time,
        "timeZone": "UTC",
        "userPurpose": "user",
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000", "endTime": "17:00:00.0000000",
            "timeZone": { "name": "UTC" },
        },
    })
}
