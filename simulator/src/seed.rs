//! The tenant that a simulator starts with: Contoso, a few invented people, their mail and their
//! files.

mod catalog;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::description::schema::Schemas;
use crate::domain::{Below, Tenant};
use crate::ids::Ids;
use crate::store::{Id, Store};

/// The content of a simulator at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seed {
    /// The tenant Contoso: twelve people, groups, mail, events, a drive, a site, an application.
    #[default]
    Contoso,
    /// The organization and one user, without any content.
    Empty,
}

/// A person of the tenant: name before the `@`, given name, surname, job, department, city.
type Person = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// The people of the tenant. The first one is the user who signs in.
const PEOPLE: [Person; 12] = [
    (
        "adele",
        "Adele",
        "Brandt",
        "Head of Marketing",
        "Marketing",
        "Oslo",
    ),
    (
        "bruno",
        "Bruno",
        "Okafor",
        "Chief Executive",
        "Board",
        "Oslo",
    ),
    (
        "chiara",
        "Chiara",
        "Lindqvist",
        "Designer",
        "Marketing",
        "Turin",
    ),
    ("dmitri", "Dmitri", "Hale", "Accountant", "Finance", "Riga"),
    (
        "elena", "Elena", "Vasquez", "Engineer", "Research", "Bilbao",
    ),
    (
        "farid", "Farid", "Nakamura", "Engineer", "Research", "Osaka",
    ),
    (
        "greta", "Greta", "O'Malley", "Engineer", "Research", "Galway",
    ),
    (
        "hugo",
        "Hugo",
        "Sørensen",
        "Head of Research",
        "Research",
        "Aarhus",
    ),
    ("imani", "Imani", "Kowalczyk", "Lawyer", "Legal", "Gdańsk"),
    ("jonas", "Jonas", "Petrov", "Assistant", "Board", "Oslo"),
    ("kira", "Kira", "Mbeki", "Recruiter", "People", "Durban"),
    (
        "lars",
        "Lars",
        "Fontaine",
        "Technician",
        "Operations",
        "Lyon",
    ),
];

/// The mail that Adele received: sender, subject, body, whether she read it, day of February 2026.
const MAIL: [(&str, &str, &str, bool, u32); 6] = [
    (
        "bruno",
        "Spring campaign",
        "Can you send me the figures by Friday?",
        true,
        2,
    ),
    (
        "chiara",
        "New logo: 3 drafts",
        "I like the second best.",
        false,
        3,
    ),
    (
        "dmitri",
        "Invoice 100 % wrong?",
        "The sum on page 2 & the total differ.",
        false,
        4,
    ),
    (
        "hugo",
        "Visit of the lab",
        "We would show you C# and F# prototypes.",
        true,
        5,
    ),
    (
        "kira",
        "Interview on Tuesday",
        "The candidate comes at ten.",
        false,
        6,
    ),
    (
        "bruno",
        "Re: Spring campaign",
        "Thank you, well done.",
        false,
        9,
    ),
];

/// The time at which the files were stored.
const STORED: DateTime<Utc> = DateTime::from_timestamp_nanos(1_769_932_800_000_000_000);

/// The values of the server that the seed needs.
pub(crate) struct Contoso<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) domain: &'a str,
    pub(crate) client_id: &'a str,
}

/// Fills a new store. Returns the first user, who signs in.
pub(crate) fn plant(
    seed: Seed,
    schemas: &Schemas,
    store: &mut Store,
    ids: &mut Ids,
    contoso: &Contoso<'_>,
) -> Id {
    let mut garden = Garden {
        tenant: Tenant {
            schemas,
            store,
            ids,
            synthesizes: false,
        },
        contoso,
    };
    garden.organization();
    let users = match seed {
        Seed::Contoso => garden.people(&PEOPLE),
        Seed::Empty => garden.people(PEOPLE.get(..1).unwrap_or_default()),
    };
    if seed == Seed::Contoso {
        garden.groups(&users);
        garden.applications();
        garden.mail(&users);
        garden.files(&users);
        garden.site();
    }
    garden.catalog(&users);
    garden.tenant.recount(0);
    users.first().copied().unwrap_or(Id::ROOT)
}

struct Garden<'a> {
    tenant: Tenant<'a>,
    contoso: &'a Contoso<'a>,
}

impl Garden<'_> {
    fn make(&mut self, owner: Id, relation: &str, kind: &str, properties: Value) -> Id {
        let place = Below::many(owner, relation);
        self.tenant.make(
            place,
            &format!("microsoft.graph.{kind}"),
            None,
            object(properties),
        )
    }

    fn mail_address(&self, name: &str) -> String {
        format!("{name}@{}", self.contoso.domain)
    }

    fn organization(&mut self) {
        let (id, domain) = (self.contoso.tenant_id, self.contoso.domain);
        let properties = json!({
            "displayName": "Contoso", "countryLetterCode": "NO",
            "createdDateTime": "2019-04-01T08:00:00Z",
            "verifiedDomains": [
                { "name": domain, "isDefault": true, "isInitial": false, "type": "Managed" },
            ],
            "tenantType": "AAD",
        });
        let place = Below::many(Id::ROOT, "organization");
        self.tenant.make(
            place,
            "microsoft.graph.organization",
            Some(id),
            object(properties),
        );
        let place = Below::many(Id::ROOT, "domains");
        let properties =
            json!({ "isVerified": true, "isDefault": true, "authenticationType": "Managed" });
        self.tenant.make(
            place,
            "microsoft.graph.domain",
            Some(domain),
            object(properties),
        );
        let place = Below::one(Id::ROOT, "directory");
        let directory = self.tenant.make(
            place,
            "microsoft.graph.directory",
            Some("directory"),
            Map::new(),
        );
        self.tenant.store.open(directory, "deletedItems");
    }

    fn people(&mut self, people: &[Person]) -> Vec<Id> {
        let mut users = Vec::new();
        for (at, (name, given, surname, job, department, city)) in people.iter().enumerate() {
            let mail = self.mail_address(name);
            let user = self.make(
                Id::ROOT,
                "users",
                "user",
                json!({
                    "accountEnabled": true, "displayName": format!("{given} {surname}"),
                    "givenName": given,
                    "surname": surname, "jobTitle": job, "department": department, "city": city,
                    "mail": mail, "userPrincipalName": mail, "mailNickname": name,
                    "userType": "Member",
                    "preferredLanguage": "en-GB", "usageLocation": "NO",
                    "officeLocation": format!("{}/{}", 10 + at, 100 + at),
                    "businessPhones": [format!("+47 22 00 00 {at:02}")],
                    "mobilePhone": format!("+47 900 00 0{at:02}"),
                    "createdDateTime": format!("2024-01-{:02}T08:00:00Z", at + 1),
                    "proxyAddresses": [
                        format!("SMTP:{mail}"),
                        format!("smtp:{given}.{surname}@{}", self.contoso.domain),
                    ],
                    "assignedLicenses": [
                        { "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "disabledPlans": [] },
                    ],
                }),
            );
            self.tenant.open_mailbox(user);
            users.push(user);
        }
        // Bruno is at the top; the heads of departments report to him, all others to a head.
        let manager = |name: usize| match name {
            1 => None,
            0 | 3 | 7 | 8 | 9 | 10 | 11 => Some(1),
            2 => Some(0),
            _ => Some(7),
        };
        for (at, user) in users.iter().enumerate() {
            if let Some(head) = manager(at).and_then(|head| users.get(head)) {
                self.tenant.store.set(*user, "manager", Some(*head));
            }
        }
        users
    }

    fn groups(&mut self, users: &[Id]) {
        let all: [(&str, &str, bool, &[usize]); 3] = [
            ("marketing", "Marketing", true, &[0, 2]),
            ("research", "Research & Development", true, &[4, 5, 6, 7]),
            (
                "everyone",
                "Everyone",
                false,
                &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            ),
        ];
        let mut groups = Vec::new();
        for (nickname, name, unified, members) in all {
            let group = self.make(
                Id::ROOT,
                "groups",
                "group",
                json!({
                    "displayName": name, "mailNickname": nickname,
                    "description": format!("All of {name}"),
                    "mailEnabled": unified, "securityEnabled": !unified, "visibility": "Private",
                    "groupTypes": if unified { json!(["Unified"]) } else { json!([]) },
                    "mail": unified.then(|| self.mail_address(nickname)),
                    "createdDateTime": "2024-02-01T08:00:00Z",
                }),
            );
            self.tenant.store.open(group, "members");
            for member in members.iter().filter_map(|at| users.get(*at)) {
                self.tenant.store.add(group, "members", *member);
            }
            if let Some(owner) = members.first().and_then(|at| users.get(*at)) {
                self.tenant.store.add(group, "owners", *owner);
            }
            groups.push(group);
        }
        if let [marketing, .., everyone] = groups.as_slice() {
            // The group is nested in another one, so that transitive members exist.
            self.tenant.store.add(*everyone, "members", *marketing);
            self.team(*marketing);
        }
    }

    fn team(&mut self, group: Id) {
        let place = Below::one(group, "team");
        let team = json!({
            "displayName": "Marketing", "description": "All of Marketing", "isArchived": false,
        });
        let team = self
            .tenant
            .make(place, "microsoft.graph.team", None, object(team));
        let channel = json!({
            "displayName": "General", "membershipType": "standard",
            "createdDateTime": "2024-02-01T08:00:00.123Z",
        });
        let channel = self.make(team, "channels", "channel", channel);
        self.tenant.store.set(team, "primaryChannel", Some(channel));
        self.tenant.sync_team(group);
    }

    fn applications(&mut self) {
        let application = json!({
            "appId": self.contoso.client_id, "displayName": "Contoso Tests",
            "signInAudience": "AzureADMyOrg",
            "createdDateTime": "2024-03-01T08:00:00Z", "identifierUris": [], "tags": ["tests"],
        });
        self.make(Id::ROOT, "applications", "application", application);
        let principal = json!({
            "appId": self.contoso.client_id, "displayName": "Contoso Tests",
            "servicePrincipalType": "Application",
            "accountEnabled": true, "appOwnerOrganizationId": self.contoso.tenant_id,
        });
        self.make(Id::ROOT, "servicePrincipals", "servicePrincipal", principal);
        let graph = json!({
            "appId": "00000003-0000-0000-c000-000000000000", "displayName": "Microsoft Graph",
            "accountEnabled": true,
            "servicePrincipalType": "Application",
            "servicePrincipalNames": ["https://graph.microsoft.com"],
        });
        self.make(Id::ROOT, "servicePrincipals", "servicePrincipal", graph);
    }

    fn mail(&mut self, users: &[Id]) {
        let Some(adele) = users.first().copied() else {
            return;
        };
        let inbox = self
            .tenant
            .find(adele, "mailFolders", "microsoft.graph.mailFolder", "inbox");
        let Some(inbox) = inbox else { return };
        let address =
            |address: String| json!({ "emailAddress": { "name": address, "address": address } });
        let mut conversations: Vec<(&str, Value)> = Vec::new();
        for (sender, subject, body, read, day) in MAIL {
            let topic = subject.trim_start_matches("Re: ");
            let earlier = conversations.iter().find(|(known, _)| *known == topic);
            let conversation = earlier.map(|(_, conversation)| conversation.clone());
            let time = format!("2026-02-{day:02}T09:15:00Z");
            let (from, to) = (
                address(self.mail_address(sender)),
                address(self.mail_address("adele")),
            );
            let message = self.make(
                inbox,
                "messages",
                "message",
                json!({
                    "subject": subject, "bodyPreview": body, "conversationId": conversation,
                    "body": { "contentType": "text", "content": body },
                    "from": from, "sender": from, "toRecipients": [to], "ccRecipients": [],
                    "bccRecipients": [],
                    "replyTo": [], "isRead": read, "isDraft": false, "importance": "normal",
                    "hasAttachments": false,
                    "receivedDateTime": time, "sentDateTime": time, "createdDateTime": time,
                    "lastModifiedDateTime": time, "categories": [],
                    "flag": { "flagStatus": "notFlagged" },
                    "internetMessageId": format!("<{day}@{}>", self.contoso.domain),
                }),
            );
            let message = self.tenant.store.get(message);
            let made = message.and_then(|message| message.properties.get("conversationId"));
            conversations.extend(made.map(|made| (topic, made.clone())));
        }
        let time = |text: &str| json!({ "dateTime": text, "timeZone": "UTC" });
        let events = [
            (
                "Kick-off of the spring campaign",
                "2026-03-02T10:00:00.0000000",
                "2026-03-02T11:00:00.0000000",
            ),
            (
                "Lunch with Chiara",
                "2026-03-03T12:00:00.0000000",
                "2026-03-03T13:00:00.0000000",
            ),
            (
                "Interview",
                "2026-04-07T10:00:00.0000000",
                "2026-04-07T10:45:00.0000000",
            ),
        ];
        for (subject, start, end) in events {
            self.make(
                adele,
                "events",
                "event",
                json!({
                    "subject": subject, "start": time(start), "end": time(end), "isAllDay": false,
                    "isCancelled": false, "showAs": "busy", "type": "singleInstance",
                    "attendees": [],
                    "organizer": address(self.mail_address("adele")), "categories": [],
                    "createdDateTime": "2026-02-01T08:00:00.1234567Z",
                }),
            );
        }
        let contact = json!({
            "displayName": "Mona Reyes", "givenName": "Mona", "surname": "Reyes",
            "companyName": "Fabrikam",
            "emailAddresses": [{ "name": "Mona Reyes", "address": "mona@fabrikam.com" }],
        });
        self.make(adele, "contacts", "contact", contact);
    }

    fn files(&mut self, users: &[Id]) {
        let Some(adele) = users.first().copied() else {
            return;
        };
        // The files are of a day and of a person, as all others are.
        self.tenant.store.at(STORED);
        self.tenant.store.author = self.tenant.store.get(adele).map(|adele| {
            json!({ "user": {
                "displayName": adele.properties.get("displayName"), "id": adele.key,
                "email": adele.properties.get("mail"),
            } })
        });
        let properties = json!({ "driveType": "business", "name": "OneDrive" });
        let place = Below::one(adele, "drive");
        let drive = self
            .tenant
            .make(place, "microsoft.graph.drive", None, object(properties));
        self.tenant.store.add(adele, "drives", drive);
        let Some(root) = self.tenant.store.one(drive, "root") else {
            return;
        };
        let folder = |name: &str| json!({ "name": name, "folder": { "childCount": 0 } });
        let reports = self.make(root, "children", "driveItem", folder("Reports"));
        let csharp = self.make(root, "children", "driveItem", folder("C# Files"));
        for (parent, name, media_type, text) in [
            (reports, "2026.csv", "text/csv", "month,sum\n1,100\n2,120\n"),
            (reports, "50% off & more.txt", "text/plain", "Half price.\n"),
            (csharp, "a+b's [x].txt", "text/plain", "A sharp file.\n"),
        ] {
            let properties =
                json!({ "name": name, "file": { "mimeType": media_type }, "size": text.len() });
            let item = self.make(parent, "children", "driveItem", properties);
            let bytes = Bytes::from_static(text.as_bytes());
            self.tenant
                .fill(item, "content", media_type.into(), bytes, STORED);
        }
    }

    fn site(&mut self) {
        let site = json!({
            "displayName": "Contoso", "name": "contoso", "isPersonalSite": false,
            "webUrl": "https://contoso.sharepoint.com", "createdDateTime": "2020-01-01T00:00:00Z",
            "root": {}, "siteCollection": { "hostname": "contoso.sharepoint.com" },
        });
        let site = self.make(Id::ROOT, "sites", "site", site);
        self.tenant.store.alias(site, "root");
        self.tenant.store.alias(site, "contoso.sharepoint.com");
        let research = json!({
            "displayName": "Research", "name": "research", "isPersonalSite": false,
            "webUrl": "https://contoso.sharepoint.com/sites/research",
            "createdDateTime": "2021-01-01T00:00:00Z",
        });
        let research = self.make(Id::ROOT, "sites", "site", research);
        let labs = json!({
            "displayName": "Labs", "name": "labs", "isPersonalSite": false,
            "webUrl": "https://contoso.sharepoint.com/sites/research/labs",
            "createdDateTime": "2022-01-01T00:00:00Z",
        });
        self.make(research, "sites", "site", labs);
        let list = json!({
            "displayName": "Tasks", "name": "Tasks", "list": { "template": "genericList" },
        });
        let list = self.make(site, "lists", "list", list);
        self.tenant.open(list, "columns");
        let priority = json!({ "name": "Priority", "displayName": "Priority", "number": {} });
        self.make(list, "columns", "columnDefinition", priority);
        for title in ["Order paper", "Water the plants"] {
            let item = json!({ "contentType": { "id": "0x01", "name": "Item" } });
            let key = self.tenant.next_number(list);
            let place = Below::many(list, "items");
            let kind = "microsoft.graph.listItem";
            let item = self.tenant.make(place, kind, Some(&key), object(item));
            let place = Below::one(item, "fields");
            let fields = json!({ "Title": title, "Priority": 1 });
            let kind = "microsoft.graph.fieldValueSet";
            self.tenant.make(place, kind, Some(&key), object(fields));
            self.tenant.keep_fields(item);
        }
        self.tenant.store.author = None;
    }
}

/// Returns the entries of an object, without those that are null.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(properties) => properties
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        _ => Map::new(),
    }
}
