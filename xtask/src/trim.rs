//! Trims a document: fixups, normal form, names for bodies, reachability, parameters.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};

use crate::areas::Areas;
use crate::areas::table::Table;
use crate::fixups::walk;
use crate::fixups::{self, Needed};
use crate::grafts::Added;
use crate::json::Json;
use crate::part::Part;
use crate::reach::Reach;
use crate::trimmed::Description;
use crate::{bodies, grafts, parameters, reach, read};

/// The results of trimming.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The number of matches of each fixup.
    pub fixups: Vec<(&'static str, usize)>,
    /// The operations that the document lacks.
    pub added: Added,
    /// The number of schemas that were created from the bodies of actions.
    pub bodies: usize,
    pub reach: Reach,
}

/// Trims `json` and keeps only `part` of it. With `strict`, each fixup that the pinned document
/// needs must have matched, so that unnecessary repairs are noticed and removed. The whole
/// description then also gets its areas.
pub fn trim(json: &mut Json, part: &Part, strict: bool) -> Result<(Description, Report)> {
    references_lead_somewhere(json)?;
    let mut report = Report::default();
    for fixup in fixups::ALL {
        let count = (fixup.apply)(json).with_context(|| format!("fixup {}", fixup.name))?;
        ensure!(
            count > 0 || !strict || fixup.needed != Needed::Pinned,
            "fixup {} matched nothing, so the document no longer needs it: remove it from \
             xtask/src/fixups",
            fixup.name
        );
        report.fixups.push((fixup.name, count));
    }
    let mut description = read::read(json)?;
    // A line that finds no place in a part may find one in the whole description.
    let strict = strict && part.is_whole();
    report.added = grafts::add(&mut description, &grafts::GRAPH, part, strict)?;
    // A body is named after the type that its action is bound to, which a part may lack.
    bodies::hoist(&mut description)?;
    part.keep(&mut description)?;
    description.grafts = grafts::choose(&description, &grafts::GRAPH, strict)?;
    report.reach = reach::keep_reachable(&mut description, part.is_whole())?;
    report.bodies = bodies::count(&description);
    if strict {
        description.areas = Some(Areas::new(&description, &Table::of_project()?)?);
    }
    parameters::hoist(&mut description);
    Ok((description, report))
}

/// Fails for a reference to a missing schema. This check runs before the fixups move anything.
fn references_lead_somewhere(json: &mut Json) -> Result<()> {
    let names: HashSet<String> = walk::components(json, "schemas")
        .map(|(name, _)| name.clone())
        .collect();
    walk::schemas(json, &mut |schema, at| {
        let Some(reference) = schema.get("$ref") else {
            return Ok(());
        };
        let target = schema.reference("schemas");
        ensure!(
            target.is_some_and(|name| names.contains(name)),
            "{}: the schema {reference} does not exist",
            at.name("$ref")
        );
        Ok(())
    })
}
