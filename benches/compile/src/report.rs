//! The table, the last line, and the file of all details.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::build::{Build, Cost};
use crate::rows::{Measured, Row};

pub const HEADING: &str = "| what | time | CPU | peak memory |\n|---|---|---|---|";

/// Names with their values.
pub type Figures = Vec<(String, f64)>;

/// Prints the best round of each row, and writes all of them into a file.
pub fn print(rows: &[Measured], generation: &Figures, file: Option<&Path>) -> Result<()> {
    println!("{HEADING}");
    for measured in rows {
        let row = measured.row;
        if let Some(cost) = best(measured, |build| build.whole) {
            println!("{}", line(row.what(), cost));
        }
        if let (Some(own), Some(cost)) = (row.own(), best(measured, |build| build.own)) {
            println!("{}", line(&format!("of it, {own}"), cost));
        }
        if measured.error.is_some() {
            println!("| {} | failed | | |", row.what());
        }
    }
    let mut figures = figures(rows);
    figures.extend_from_slice(generation);
    println!("\n{}", pairs(&figures));

    if let Some(file) = file {
        let figures: Map<String, Value> = figures
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect();
        let details = json!({ "figures": figures, "rows": rows });
        fs::write(file, serde_json::to_string_pretty(&details)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Returns a line of the table.
pub fn line(what: &str, cost: Cost) -> String {
    let Cost {
        seconds,
        cpu_seconds,
        peak_mb,
    } = cost;
    format!("| {what} | {seconds:.1} s | {cpu_seconds:.1} s | {peak_mb} MB |")
}

/// Returns a line of figures, with as many digits as each deserves.
pub fn pairs(figures: &Figures) -> String {
    let pairs: Vec<_> = figures
        .iter()
        .map(|(name, value)| match name.rsplit('_').next() {
            Some("ratio") => format!("{name} {value:.2}"),
            Some("seconds") => format!("{name} {value:.1}"),
            _ => format!("{name} {value}"),
        })
        .collect();
    pairs.join(" ")
}

/// Returns the cost of the fastest round.
fn best(measured: &Measured, part: impl Fn(&Build) -> Cost) -> Option<Cost> {
    let costs = measured.rounds.iter().map(part);
    costs.min_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

/// Returns the figures of the rows, and the ratios of those that are compared.
fn figures(rows: &[Measured]) -> Figures {
    let find = |row: Row| rows.iter().find(|measured| measured.row == row);
    let whole = |row| best(find(row)?, |build| build.whole);
    let own = |row| best(find(row)?, |build| build.own);
    let mut figures = Figures::new();
    let mut add = |name: &str, value: Option<f64>| {
        figures.extend(value.map(|value| (name.to_owned(), value)));
    };
    for row in [Row::Everything, Row::Areas, Row::Peer, Row::Quickstart] {
        let (name, cost) = (row.name(), whole(row));
        add(&format!("{name}_seconds"), cost.map(|cost| cost.seconds));
        add(
            &format!("{name}_peak_mb"),
            cost.map(|cost| cost.peak_mb as f64),
        );
    }
    let mut compare = |name: &str, one: Option<f64>, other: Option<f64>| {
        add(name, one.zip(other).map(|(one, other)| one / other));
    };
    let seconds = |row| whole(row).map(|cost| cost.seconds);
    compare("build_ratio", seconds(Row::Everything), seconds(Row::Peer));
    compare("areas_build_ratio", seconds(Row::Areas), seconds(Row::Peer));
    let seconds = |row| own(row).map(|cost| cost.seconds);
    compare("check_ratio", seconds(Row::Check), seconds(Row::Progenitor));
    let memory = |row| own(row).map(|cost| cost.peak_mb as f64);
    compare(
        "check_memory_ratio",
        memory(Row::Check),
        memory(Row::Progenitor),
    );
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(row: Row, seconds: &[f64]) -> Measured {
        let build = |&seconds: &f64| {
            let cost = |part: f64| Cost {
                seconds: seconds * part,
                cpu_seconds: seconds * part,
                peak_mb: (seconds * part) as u64 * 10,
            };
            Build {
                whole: cost(1.0),
                own: cost(0.5),
                crates: Vec::new(),
            }
        };
        Measured {
            row,
            rounds: seconds.iter().map(build).collect(),
            error: None,
        }
    }

    #[test]
    fn figures_are_those_of_best_rounds() {
        let rows = [
            measured(Row::Everything, &[60.0, 50.0, 70.0]),
            measured(Row::Peer, &[40.0, 45.0]),
            measured(Row::Check, &[20.0]),
            measured(Row::Progenitor, &[80.0]),
        ];
        assert_eq!(
            pairs(&figures(&rows)),
            "everything_seconds 50.0 everything_peak_mb 500 peer_seconds 40.0 peer_peak_mb 400 \
             build_ratio 1.25 check_ratio 0.25 check_memory_ratio 0.25"
        );
    }

    #[test]
    fn ratio_needs_both_rows() {
        let rows = [measured(Row::Areas, &[10.0]), measured(Row::Peer, &[])];
        assert_eq!(
            pairs(&figures(&rows)),
            "areas_seconds 10.0 areas_peak_mb 100"
        );
    }
}
