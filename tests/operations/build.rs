//! Writes a Rust program that calls every distinct operation once, each as a user would write it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use msgraph_codegen::{Description, Expression, generate};

/// Functions of this many calls: one function of thousands takes the compiler minutes.
const CALLS: usize = 40;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=../../openapi");
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let folder = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .unwrap_or_default()
    };
    let description =
        Description::read(&folder("CARGO_MANIFEST_DIR").join(Path::new("../../openapi")))?;
    let expressions = generate(&description)?.expressions();
    std::fs::write(folder("OUT_DIR").join("calls.rs"), program(&expressions)?)?;
    Ok(())
}

fn program(expressions: &[Expression]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut all = String::new();
    for (number, expressions) in expressions.chunks(CALLS).enumerate() {
        writeln!(
            out,
            "fn calls_{number}(graph: &Graph, calls: &mut Vec<Planned>) -> Planning {{"
        )?;
        for Expression {
            method,
            path,
            rust,
            values,
            ..
        } in expressions
        {
            writeln!(
                out,
                "    calls.push(planned(\"{method}\", \"{path}\", &{values:?}, {rust}));"
            )?;
        }
        writeln!(out, "    Ok(())\n}}\n")?;
        writeln!(all, "    calls_{number}(graph, &mut calls)?;")?;
    }
    writeln!(
        out,
        "fn all(graph: &Graph) -> Result<Vec<Planned>, Box<dyn std::error::Error>> {{\n    let mut calls = Vec::new();\n{all}    Ok(calls)\n}}"
    )?;
    Ok(out)
}
