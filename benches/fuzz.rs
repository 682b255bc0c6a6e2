//! Feeds generated and damaged input to all code that reads external input.
//!
//! `cargo xtask fuzz --inputs 10000000 --seed 1` ends with one line. `--target NAME` and
//! `--first NUMBER` repeat an input that failed. `--workers` sets the number of processes that
//! share the inputs. It defaults to one for each core.

use std::process::{Command, ExitCode, Stdio};

use fuzz::{Options, Report, run};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match start() {
        Ok(report) => {
            println!("{report}");
            match report.is_clean() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<Report, Failure> {
    let mut options = Options {
        inputs: 1_000_000,
        ..Options::default()
    };
    let mut workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut is_worker = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--inputs" => options.inputs = value()?.parse()?,
            "--seed" => options.seed = value()?.parse()?,
            "--target" => options.target = Some(value()?),
            "--first" => options.first = value()?.parse()?,
            "--workers" => workers = value()?.parse()?,
            "--worker" => is_worker = true,
            // `cargo bench` adds this argument.
            "--bench" => {}
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    if is_worker || workers <= 1 {
        let report = run(&options)?;
        for finding in &report.findings {
            eprintln!("{finding}");
        }
        return Ok(report);
    }
    spread(&options, workers)
}

/// Divides the inputs among processes, so that each counts its own allocations.
fn spread(options: &Options, workers: u64) -> Result<Report, Failure> {
    let program = std::env::current_exe()?;
    let share = options.inputs.div_ceil(workers);
    let mut children = Vec::new();
    for worker in 0..workers {
        let mut command = Command::new(&program);
        command
            .arg("--worker")
            .args(["--inputs", &share.to_string()])
            .args(["--seed", &options.seed.to_string()])
            .args(["--first", &(options.first + worker * share).to_string()])
            .stdout(Stdio::piped());
        if let Some(target) = &options.target {
            command.args(["--target", target]);
        }
        children.push(command.spawn()?);
    }
    let mut total = Report::default();
    for child in children {
        let output = child.wait_with_output()?;
        let line = String::from_utf8_lossy(&output.stdout);
        total.add(read(&line).ok_or("a worker ended without a report")?);
    }
    Ok(total)
}

/// Reads a line of `name value` pairs.
fn read(line: &str) -> Option<Report> {
    let mut report = Report::default();
    let mut words = line.split_whitespace();
    while let Some(name) = words.next() {
        let value = words.next()?.parse().ok()?;
        match name {
            "inputs" => report.inputs = value,
            "panics" => report.panics = value,
            "hangs" => report.hangs = value,
            "allocations" => report.allocations = value,
            "lost" => report.lost = value,
            "leaks" => report.leaks = value,
            _ => return None,
        }
    }
    (report.inputs > 0).then_some(report)
}
