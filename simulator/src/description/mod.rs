//! Graph's description, as `cargo xtask trim` writes it: the files of `openapi/` that are compiled
//! into this crate, or a folder of the same form.
//!
//! This module reads it with serde_json only, without the code that `codegen/` makes of it. For
//! this reason, the server does not repeat a mistake of the generator, and can reveal it.

mod csdl;
pub(crate) mod operation;
pub(crate) mod routes;
pub(crate) mod schema;
mod source;
pub(crate) mod walk;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use operation::Parameters;
use routes::{PathItem, Routes};
use schema::{Schemas, Type};
use source::{Source, Text};
use walk::Grafts;

/// Graph's description.
///
/// The schemas are read at once. The paths of a workload are read at the first request to it, so
/// that a simulator starts quickly. It is cheap to clone. A program that starts many simulators of
/// another description than [`Description::bundled`] reads it once and passes it to each
/// [`Builder`](crate::Builder).
///
/// ```
/// # fn main() -> Result<(), msgraph_simulator::Error> {
/// let description = msgraph_simulator::Description::bundled()?;
/// assert!(description.check()? > 10_000);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Description(Arc<Inner>);

struct Inner {
    source: Source,
    schemas: Schemas,
    parameters: Arc<Parameters>,
    workloads: HashMap<String, Workload>,
    grafts: Grafts,
}

/// The paths that begin with one segment.
struct Workload {
    /// One file of `paths/`, or `None` for a workload that only grafts describe.
    text: Option<Text>,
    routes: OnceLock<Result<Routes, String>>,
}

impl Workload {
    fn new(text: Option<Text>) -> Self {
        let routes = OnceLock::new();
        Self { text, routes }
    }
}

#[derive(Deserialize)]
struct SchemasFile {
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: Schemas,
    parameters: Parameters,
}

#[derive(Deserialize)]
struct PathsFile<'a> {
    #[serde(borrow)]
    paths: BTreeMap<String, PathItem<'a>>,
}

impl Description {
    /// Returns the description of Graph v1.0 that is compiled into this crate. It is read once in
    /// a process.
    ///
    /// # Errors
    /// Returns [`Error::Description`] if it cannot be read. A published version of this crate never
    /// does.
    pub fn bundled() -> Result<Self, Error> {
        static BUNDLED: OnceLock<Result<Description, String>> = OnceLock::new();
        let read = || Self::from_source(Source::Bundled).map_err(|error| error.to_string());
        let bundled = BUNDLED.get_or_init(read);
        bundled
            .clone()
            .map_err(|message| Error::description(Source::Bundled.root(), message))
    }

    /// Reads a description's folder.
    ///
    /// # Errors
    /// Returns [`Error::Description`] if a file is missing, or holds something that the trimmed
    /// form does not have.
    pub fn read(folder: impl Into<PathBuf>) -> Result<Self, Error> {
        Self::from_source(Source::Folder(folder.into()))
    }

    fn from_source(source: Source) -> Result<Self, Error> {
        let schemas = source.schemas();
        let SchemasFile { components } = schemas.parse(&schemas.content()?)?;
        if let Some((name, missing)) = components.schemas.dangling() {
            return Err(Error::description(
                &schemas.file,
                format!("schema `{name}` refers to `{missing}`, which does not exist"),
            ));
        }
        let mut workloads = HashMap::new();
        for (name, text) in source.paths()? {
            workloads.insert(name.to_ascii_lowercase(), Workload::new(Some(text)));
        }
        let grafts: Grafts = match source.grafts() {
            Some(text) => text.parse(&text.content()?)?,
            None => Grafts::default(),
        };
        for place in grafts.subtrees.keys() {
            let grafted = || Workload::new(None);
            workloads.entry(first(place)).or_insert_with(grafted);
        }
        let parameters = Arc::new(components.parameters);
        Ok(Self(Arc::new(Inner {
            grafts,
            source,
            schemas: components.schemas,
            parameters,
            workloads,
        })))
    }

    /// Reads all of the description, and returns the number of its operations.
    ///
    /// # Errors
    /// Returns [`Error::Description`] for the first operation that cannot be read, or that refers
    /// to a missing schema.
    pub fn check(&self) -> Result<usize, Error> {
        let mut operations = 0;
        for workload in self.0.workloads.values() {
            let routes = self
                .load(workload)
                .map_err(|message| Error::description(self.file(workload), message))?;
            for place in routes.places() {
                for method in place.methods() {
                    let error = |message: &str| {
                        Error::description(
                            self.file(workload),
                            format!("{method} {}: {message}", place.template),
                        )
                    };
                    let Some(operation) = place.operation(method) else {
                        continue;
                    };
                    let operation = operation.map_err(error)?;
                    if let Some(missing) = operation
                        .types()
                        .find_map(|kind| self.0.schemas.missing(kind))
                    {
                        return Err(error(&format!(
                            "refers to `{missing}`, which does not exist"
                        )));
                    }
                    operations += 1;
                }
            }
        }
        for target in self
            .0
            .grafts
            .subtrees
            .values()
            .chain(self.0.grafts.paths.values())
        {
            if self.place(target).is_none() {
                let file = self.0.source.root().join("grafts.json");
                let message = format!("`{target}` is not a place of the description");
                return Err(Error::description(&file, message));
            }
        }
        Ok(operations)
    }

    fn file<'a>(&'a self, workload: &'a Workload) -> &'a Path {
        let text = workload.text.as_ref();
        text.map_or(self.0.source.root(), |text| &text.file)
    }

    /// Returns a value of a type (`microsoft.graph.user`), with all of its structural properties.
    /// It is the same at each call. Returns `None` if the type does not exist.
    ///
    /// A simulator accepts this value as a body, and its functions return it.
    ///
    /// ```
    /// # fn main() -> Result<(), msgraph_simulator::Error> {
    /// let description = msgraph_simulator::Description::bundled()?;
    /// let day = description.example("microsoft.graph.recurrencePattern").unwrap_or_default();
    /// assert_eq!(day["firstDayOfWeek"], "sunday");
    /// # Ok(())
    /// # }
    /// ```
    pub fn example(&self, type_name: &str) -> Option<Value> {
        self.0.schemas.get(type_name)?;
        Some(crate::synth::value(
            &self.0.schemas,
            &Type::Named(type_name.to_owned()),
            type_name,
        ))
    }

    fn grafts(&self) -> &Grafts {
        &self.0.grafts
    }

    pub(crate) fn schemas(&self) -> &Schemas {
        &self.0.schemas
    }

    /// Returns the tree below the first segment of a path. Returns `None` if no path begins with
    /// it.
    pub(crate) fn routes(&self, first_segment: &str) -> Option<Result<&Routes, &str>> {
        let name = first(first_segment);
        Some(self.load(self.0.workloads.get(&name)?))
    }

    fn load<'a>(&self, workload: &'a Workload) -> Result<&'a Routes, &'a str> {
        let loaded = workload.routes.get_or_init(|| {
            let mut routes = Routes::new();
            if let Some(text) = &workload.text {
                let content = text.content().map_err(|error| error.to_string())?;
                let file: PathsFile<'_> =
                    text.parse(&content).map_err(|error| error.to_string())?;
                for (path, item) in file.paths {
                    let inserted = routes.insert(&path, item, &content, &self.0.parameters);
                    inserted.map_err(|message| format!("path `{path}`: {message}"))?;
                }
            }
            let own = |place: &&String| {
                let found = self.0.workloads.get(&first(place));
                found.is_some_and(|found| std::ptr::eq(found, workload))
            };
            for place in self.0.grafts.subtrees.keys().filter(own) {
                let opened = routes.open(place);
                opened.map_err(|message| format!("graft `{place}`: {message}"))?;
            }
            Ok(routes)
        });
        loaded.as_ref().map_err(String::as_str)
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Description")
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

/// Returns the name of the workload that a path or segment is in.
fn first(path: &str) -> String {
    let segment = path.trim_start_matches('/').split(['/', '(']).next();
    segment.unwrap_or_default().to_ascii_lowercase()
}
