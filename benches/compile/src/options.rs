//! The options of the command line.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use lexopt::prelude::*;

use crate::rows::Row;

pub const HELP: &str = "\
cargo run --manifest-path benches/compile/Cargo.toml -- [OPTIONS]

Builds each row of the table, cold, and prints its time and its peak memory. The last line has the
figures as pairs of a name and a value.

    --only ROW...         measures only these rows (everything, peer, areas, check, progenitor,
                          quickstart)
    --rounds N            builds each row N times, in turns, and prints the best (default: 3)
    --json FILE           writes every round, with the cost of each crate
    --description FOLDER  measures a crate of another trimmed description instead, once
";

/// The selection of what is measured.
#[derive(Debug)]
pub struct Options {
    pub rows: Vec<Row>,
    pub rounds: usize,
    pub json: Option<PathBuf>,
    pub description: Option<PathBuf>,
}

impl Options {
    /// Parses the command line. Returns `None` if it asks for help.
    pub fn parse(mut parser: lexopt::Parser) -> Result<Option<Self>> {
        let mut options = Self {
            rows: Vec::new(),
            rounds: 3,
            json: None,
            description: None,
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("only") => {
                    for name in parser.values()? {
                        let name = name.string()?;
                        let row = Row::named(&name);
                        options
                            .rows
                            .push(row.with_context(|| format!("there is no row `{name}`"))?);
                    }
                }
                Long("rounds") => options.rounds = parser.value()?.parse()?,
                Long("json") => options.json = Some(parser.value()?.into()),
                Long("description") => options.description = Some(parser.value()?.into()),
                Long("help") | Short('h') => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!(options.rounds > 0, "`--rounds` is at least 1");
        if options.rows.is_empty() {
            options.rows = Row::ALL.to_vec();
        }
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Option<Options>> {
        Options::parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn options_default_to_all_rows() {
        let options = parse(&[]).unwrap().unwrap();
        assert_eq!(options.rows, Row::ALL);
        assert_eq!(options.rounds, 3);
    }

    #[test]
    fn only_takes_several_rows() {
        let options = parse(&["--only", "peer", "check", "--rounds", "1"]);
        let options = options.unwrap().unwrap();
        assert_eq!(options.rows, [Row::Peer, Row::Check]);
        assert_eq!(options.rounds, 1);
    }

    #[test]
    fn unknown_row_is_an_error() {
        let error = parse(&["--only", "nothing"]).unwrap_err();
        assert_eq!(error.to_string(), "there is no row `nothing`");
        assert!(parse(&["--rounds", "0"]).is_err());
    }
}
