//! The options of a soak.

use msgraph_simulator::Misbehavior;

use crate::Error;

/// The options of a soak.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The number of calls.
    pub calls: u64,
    /// The number of tasks that call at the same time.
    pub tasks: usize,
    /// The seed of all random choices.
    pub seed: u64,
    /// The share of the requests that are affected by misbehavior.
    pub rate: f64,
    /// The kinds of misbehavior that are left out, by their names.
    pub without: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            calls: 100_000,
            tasks: 64,
            seed: 1,
            rate: 0.1,
            without: Vec::new(),
        }
    }
}

impl Options {
    /// Reads a command line: `--calls N --tasks N --seed N --rate R`, and `--without NAME` as often
    /// as needed. Cargo's own `--bench` is ignored.
    ///
    /// # Errors
    ///
    /// Returns a sentence about the word that cannot be read.
    pub fn read(words: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut words = words.into_iter().filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let value = words.next();
            let value = value.ok_or_else(|| format!("`{word}` needs a value"))?;
            let unreadable = || format!("`{word}`: `{value}` is not a number");
            match word.as_str() {
                "--calls" => options.calls = value.parse().map_err(|_| unreadable())?,
                "--tasks" => options.tasks = value.parse().map_err(|_| unreadable())?,
                "--seed" => options.seed = value.parse().map_err(|_| unreadable())?,
                "--without" if misbehavior(&value).is_some() => options.without.push(value),
                "--without" => return Err(format!("unknown misbehavior `{value}`").into()),
                "--rate" => options.rate = value.parse().map_err(|_| unreadable())?,
                _ => return Err(format!("unknown argument `{word}`").into()),
            }
        }
        if options.tasks == 0 || !(0.0..=0.9).contains(&options.rate) {
            return Err("`--tasks` is at least 1, and `--rate` is from 0 to 0.9".into());
        }
        Ok(options)
    }
}

/// Returns the kind of misbehavior of this name.
pub fn misbehavior(name: &str) -> Option<Misbehavior> {
    let mut kinds = Misbehavior::ALL.iter().copied();
    kinds.find(|kind| kind.name() == name)
}
