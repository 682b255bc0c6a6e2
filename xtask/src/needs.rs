//! `cargo xtask permissions`: the permissions that a set of calls needs, and the fewest permissions
//! that suffice.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use msgraph_codegen::{Address, Description, Facts, Permission, PermissionScheme, Permissions};

use crate::document::METHODS;
use crate::json::{Json, object};

/// The known facts about a folder's operations, to look up requests in.
pub struct Known {
    facts: Facts,
    root: Node,
    /// Each segment that is not a key, at any position.
    names: HashSet<String>,
}

/// A segment of known addresses.
#[derive(Default)]
struct Node {
    below: BTreeMap<String, Node>,
    /// The address that ends at this segment.
    address: Option<Address>,
}

/// One request, and the permissions that it needs.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// The path as it was requested.
    pub path: String,
    /// The permissions, or `None` if they are unknown.
    pub permissions: Option<Permissions>,
}

/// The permissions that suffice for all calls with one kind of token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    pub scheme: PermissionScheme,
    pub permissions: BTreeSet<String>,
    /// The numbers of the calls that do not accept this kind of token.
    pub not_supported: Vec<usize>,
}

impl Known {
    pub fn read(folder: &Path) -> Result<Known> {
        let description = Description::read(folder)?;
        let mut root = Node::default();
        let mut names = HashSet::new();
        let paths = description.paths.keys().map(|path| Address::new(path));
        let facts = Facts::read(folder)?;
        let listed = facts.all_permissions();
        for address in paths.chain(listed.map(|(_, address, _)| address.clone())) {
            let mut node = &mut root;
            for segment in address.segments() {
                node = node.below.entry(segment.to_owned()).or_default();
                names.insert(segment.trim_end_matches(':').to_owned());
            }
            node.address = Some(address);
        }
        Ok(Known { facts, root, names })
    }

    /// Reads a request: `GET /me/messages`, with values or with `{…}` in their place, with or
    /// without a version, or a whole URL.
    pub fn call(&self, request: &str) -> Result<Call> {
        let Some((method, target)) = request.trim().split_once(char::is_whitespace) else {
            bail!("{request:?} is not a method and a path, such as `GET /me/messages`");
        };
        let method = method.to_ascii_uppercase();
        let is_method = METHODS.iter().any(|of| of.eq_ignore_ascii_case(&method));
        ensure!(
            is_method,
            "{request:?}: Graph does not use the method {method}"
        );
        let path = path_of(target.trim());
        ensure!(
            path.starts_with('/'),
            "{request:?}: a path begins with a slash"
        );
        let address = self.address(&Address::new(&self.without_values(path)));
        Ok(Call {
            permissions: self.facts.permissions(&method, address.as_str()),
            method,
            path: path.to_owned(),
        })
    }

    /// Returns the path with `{}` for each segment that is not a name of Graph. An id may contain
    /// characters that have a meaning in an address, such as a dot or an equals sign.
    fn without_values(&self, path: &str) -> String {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| {
            let name = segment.trim_end_matches(':');
            let address = Address::new(name);
            let first = address.segments().next().unwrap_or_default();
            match self.names.contains(first) {
                true => format!("/{segment}"),
                false => format!("/{{}}{}", &segment[name.len()..]),
            }
        });
        segments.collect()
    }

    /// Returns the known address of a path with values in it, or the path's own address if none is
    /// known.
    fn address(&self, path: &Address) -> Address {
        let by_id = path.by_id();
        let ways = [Some(path), by_id.as_ref()].into_iter().flatten();
        let mut known = ways.filter_map(|way| {
            let segments: Vec<_> = way.segments().collect();
            self.root.find(&segments)
        });
        known.next().unwrap_or(path).clone()
    }
}

impl Node {
    /// Returns the address of these segments. A segment is a name if that name is known, and
    /// otherwise the value of a key.
    fn find(&self, segments: &[&str]) -> Option<&Address> {
        let Some((first, rest)) = segments.split_first() else {
            return self.address.as_ref();
        };
        let ways = [*first, "{}"].into_iter();
        ways.filter_map(|name| self.below.get(name))
            .find_map(|node| node.find(rest))
    }
}

/// Returns the path of a request, without host, version and query.
fn path_of(target: &str) -> &str {
    let target = target.split(['?', '#']).next().unwrap_or_default();
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    ["/v1.0", "/beta"]
        .iter()
        .filter_map(|version| path.strip_prefix(version))
        .find(|rest| rest.starts_with('/'))
        .unwrap_or(path)
}

/// Returns the permissions that suffice for all calls, by kind of token.
///
/// The function takes the narrowest permission of each call. Then, narrowest first, it leaves out
/// each permission that the others make unnecessary. Every remaining permission is therefore
/// needed, and is the least privileged one of some call. There may be a smaller set, because the
/// least privileged permissions are not always the fewest.
pub fn covers(calls: &[Call]) -> [Cover; 3] {
    PermissionScheme::ALL.map(|scheme| {
        let mut needed = Vec::new();
        let mut not_supported = Vec::new();
        for (number, call) in calls.iter().enumerate() {
            let Some(permissions) = &call.permissions else {
                continue;
            };
            let all: Vec<&Permission> = permissions.scheme(scheme).all().collect();
            match all.is_empty() {
                true => not_supported.push(number),
                false => needed.push(all),
            }
        }
        Cover {
            scheme,
            permissions: cover(&needed),
            not_supported,
        }
    })
}

/// Returns the cover. `needed` has for each call the permissions that suffice, narrowest first.
fn cover(needed: &[Vec<&Permission>]) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    for narrowest in needed.iter().filter_map(|all| all.first()) {
        set.insert(narrowest.name.clone());
    }
    // Adds the permissions that are needed in addition: one that is in the set anyway, or the
    // first.
    for narrowest in needed.iter().filter_map(|all| all.first()) {
        let with = &narrowest.with_one_of;
        if let Some(first) = with.first()
            && !with.iter().any(|name| set.contains(name))
        {
            set.insert(first.clone());
        }
    }
    let serves = |name: &String| {
        let calls = needed.iter();
        calls
            .filter(|all| all.iter().any(|permission| permission.name == *name))
            .count()
    };
    let mut order: Vec<_> = set.iter().cloned().collect();
    order.sort_by_key(|name| (serves(name), name.clone()));
    for name in order {
        set.remove(&name);
        if !needed.iter().all(|all| is_met(all, &set)) {
            set.insert(name);
        }
    }
    set
}

fn is_met(all: &[&Permission], set: &BTreeSet<String>) -> bool {
    all.iter().any(|permission| {
        let with = &permission.with_one_of;
        set.contains(&permission.name)
            && (with.is_empty() || with.iter().any(|name| set.contains(name)))
    })
}

/// Formats the result for people: each call with the permissions that suffice, then the covers,
/// then a line of figures.
pub fn to_text(calls: &[Call]) -> String {
    let mut out = String::new();
    for call in calls {
        let _ = writeln!(out, "{} {}", call.method, call.path);
        let Some(permissions) = &call.permissions else {
            out.push_str("  no permissions known\n");
            continue;
        };
        for scheme in PermissionScheme::ALL {
            let of = permissions.scheme(scheme);
            let _ = write!(out, "  {:<12}", scheme.label());
            let (least, others) = (names(&of.least), names(&of.others));
            let _ = match (least.is_empty(), others.is_empty()) {
                (true, true) => writeln!(out, "not supported"),
                (true, false) => writeln!(out, "none marked as least privileged: {others}"),
                (false, true) => writeln!(out, "{least}"),
                (false, false) => writeln!(out, "{least} (also {others})"),
            };
        }
    }
    out.push_str(
        "together (a minimal set: each is the least privileged permission of at least one call)\n",
    );
    let covers = covers(calls);
    for cover in &covers {
        let all: Vec<_> = cover.permissions.iter().map(String::as_str).collect();
        let _ = write!(out, "  {:<12}{}", cover.scheme.label(), all.join(" "));
        if cover.permissions.is_empty() {
            out.push('-');
        }
        let not: Vec<_> = cover
            .not_supported
            .iter()
            .filter_map(|n| calls.get(*n))
            .collect();
        for (at, call) in not.iter().enumerate() {
            let lead = if at == 0 { "; not for " } else { ", " };
            let _ = write!(out, "{lead}{} {}", call.method, call.path);
        }
        out.push('\n');
    }
    let figures = figures(calls, &covers);
    let figures: Vec<_> = figures
        .iter()
        .map(|(name, n)| format!("{name} {n}"))
        .collect();
    let _ = writeln!(out, "{}", figures.join(" "));
    out
}

/// Returns the whole result as JSON, for programs.
pub fn to_json(calls: &[Call]) -> Json {
    let list =
        |names: &mut dyn Iterator<Item = String>| Json::Array(names.map(Json::String).collect());
    let covers = covers(calls);
    let figures = figures(calls, &covers);
    let calls = calls.iter().map(|call| {
        let permissions = call.permissions.as_ref().map_or(Json::Null, |permissions| {
            object(PermissionScheme::ALL.map(|scheme| {
                let of = permissions.scheme(scheme);
                let lists = object([
                    (
                        "least",
                        list(&mut of.least.iter().map(Permission::to_string)),
                    ),
                    (
                        "others",
                        list(&mut of.others.iter().map(Permission::to_string)),
                    ),
                ]);
                (scheme.name(), lists)
            }))
        });
        object([
            ("method", call.method.as_str().into()),
            ("path", call.path.as_str().into()),
            ("permissions", permissions),
        ])
    });
    let calls = Json::Array(calls.collect());
    let together = object(covers.map(|cover| {
        let of = object([
            ("permissions", list(&mut cover.permissions.into_iter())),
            (
                "not_supported",
                Json::Array(
                    cover
                        .not_supported
                        .iter()
                        .map(|n| Json::Number(n.to_string()))
                        .collect(),
                ),
            ),
        ]);
        (cover.scheme.name(), of)
    }));
    let figures = figures.map(|(name, n)| (name, Json::Number(n.to_string())));
    object([
        ("calls", calls),
        ("together", together),
        ("figures", object(figures)),
    ])
}

fn figures(calls: &[Call], covers: &[Cover; 3]) -> [(&'static str, usize); 6] {
    let known = calls
        .iter()
        .filter(|call| call.permissions.is_some())
        .count();
    let [work, personal, application] = covers.each_ref().map(|cover| cover.permissions.len());
    [
        ("requests", calls.len()),
        ("known", known),
        ("unknown", calls.len() - known),
        ("delegated", work),
        ("personal", personal),
        ("application", application),
    ]
}

fn names(of: &[Permission]) -> String {
    let names: Vec<_> = of.iter().map(Permission::to_string).collect();
    names.join(" ")
}
