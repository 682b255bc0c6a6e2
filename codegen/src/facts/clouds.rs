//! The clouds in which operations are available.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use msgraph_description::{Error, Result};
use serde::Deserialize;

use super::Address;

/// A national or sovereign cloud. The global cloud is not listed, because its Graph has every
/// described operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// US Government L4.
    UsGovL4,
    /// China, operated by 21Vianet.
    China,
    /// A cloud of the US Government without the internet.
    UsNat,
    /// Another cloud of the US Government without the internet.
    UsSec,
    /// France.
    Bleu,
    /// Germany.
    Delos,
    /// Singapore.
    GovSg,
}

impl Cloud {
    /// All clouds, in the order in which they are written.
    pub const ALL: [Self; 7] = [
        Self::UsGovL4,
        Self::China,
        Self::UsNat,
        Self::UsSec,
        Self::Bleu,
        Self::Delos,
        Self::GovSg,
    ];

    /// Returns the name in Graph's list of cloud availability, and in `clouds.json`.
    pub fn list_name(self) -> &'static str {
        match self {
            Self::UsGovL4 => "Fairfax",
            Self::China => "Mooncake",
            Self::UsNat => "USNat",
            Self::UsSec => "USSec",
            Self::Bleu => "Bleu",
            Self::Delos => "Delos",
            Self::GovSg => "GovSG",
        }
    }

    /// Returns the cloud with this name in Graph's list.
    pub fn from_list_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|cloud| cloud.list_name() == name)
    }

    /// Returns a short name for people.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::UsGovL4 => "US Gov L4",
            Self::China => "China",
            Self::UsNat => "USNat",
            Self::UsSec => "USSec",
            Self::Bleu => "Bleu",
            Self::Delos => "Delos",
            Self::GovSg => "GovSG",
        }
    }
}

/// A set of national and sovereign clouds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloudSet(u8);

impl CloudSet {
    /// Returns whether the set contains the cloud.
    pub fn contains(self, cloud: Cloud) -> bool {
        self.0 & Self::bit(cloud) != 0
    }

    /// Adds a cloud.
    pub fn insert(&mut self, cloud: Cloud) {
        self.0 |= Self::bit(cloud);
    }

    /// Returns the clouds in the set.
    pub fn iter(self) -> impl Iterator<Item = Cloud> {
        Cloud::ALL
            .into_iter()
            .filter(move |cloud| self.contains(*cloud))
    }

    /// Returns the clouds that are not in the set.
    pub fn missing(self) -> impl Iterator<Item = Cloud> {
        Cloud::ALL
            .into_iter()
            .filter(move |cloud| !self.contains(*cloud))
    }

    /// Returns one bit for each cloud, in the order of [`Cloud::ALL`].
    pub fn bits(self) -> u8 {
        self.0
    }

    fn bit(cloud: Cloud) -> u8 {
        1 << cloud as u8
    }
}

/// Writes the names in Graph's list: `Fairfax Mooncake`.
impl fmt::Display for CloudSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, cloud) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(cloud.list_name())?;
        }
        Ok(())
    }
}

/// The content of `clouds.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    clouds: BTreeMap<String, String>,
}

/// The clouds that have each operation.
///
/// Most subtrees are in the same clouds as a whole. An entry therefore applies to a path and
/// everything below it. A further entry records a difference below that path, either for a path
/// with its subtree or for one operation.
#[derive(Debug, Clone, Default)]
pub struct Clouds(HashMap<Address, Entry>);

/// The clouds of one path.
#[derive(Debug, Clone, Default)]
struct Entry {
    /// The clouds of all operations at this path and below.
    place: Option<CloudSet>,
    /// The clouds of single operations at this path.
    operations: Vec<(Box<str>, CloudSet)>,
}

impl Clouds {
    pub(super) fn new(file: File) -> Result<Self> {
        let mut clouds = Self::default();
        for (key, names) in file.clouds {
            let mut set = CloudSet::default();
            for name in names.split_whitespace() {
                let cloud = Cloud::from_list_name(name).ok_or_else(|| Error::Unknown {
                    place: format!("clouds.json: {key}"),
                    what: format!("unknown cloud `{name}`"),
                })?;
                set.insert(cloud);
            }
            let (method, path) = match key.split_once(' ') {
                Some((method, path)) => (Some(method), path),
                None => (None, key.as_str()),
            };
            let entry = clouds.0.entry(Address::new(path)).or_default();
            match method {
                Some(method) => entry.operations.push((method.into(), set)),
                None => entry.place = Some(set),
            }
        }
        Ok(clouds)
    }

    /// Returns whether the clouds of all operations are unknown.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the clouds that have an operation. The operation's own entry decides, or else the
    /// entry of the nearest place above it.
    pub fn of(&self, method: &str, address: &Address) -> Option<CloudSet> {
        let entry = self.0.get(address.as_str());
        let own = entry.and_then(|entry| entry.operations.iter().find(|(of, _)| **of == *method));
        if let Some((_, set)) = own {
            return Some(*set);
        }
        let mut at = address.as_str();
        while !at.is_empty() {
            if let Some(set) = self.0.get(at).and_then(|entry| entry.place) {
                return Some(set);
            }
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
        None
    }
}
