//! Writes a Rust program that calls every distinct operation once, each as a user would write it.
//! Also writes a list of all models with the generator's knowledge of their properties.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use msgraph_codegen::{Expression, Generated, Kind, Model, build_with, secrets};
use serde_json::json;

/// The number of calls in each function. One function of thousands takes the compiler minutes.
const CALLS: usize = 40;

fn main() -> ExitCode {
    build_with("../../openapi", write)
}

fn write(generated: &Generated<'_>, out: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::write(out.join("calls.rs"), program(&generated.expressions())?)?;
    let mut models = generated.models()?;
    models.retain(|model| model.kind == Kind::Model);
    std::fs::write(out.join("readers.rs"), readers(&models)?)?;
    std::fs::write(out.join("models.json"), properties(&models).to_string())?;
    Ok(())
}

/// Returns a function for each model that reads it.
fn readers(models: &[Model<'_>]) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let mut all = String::new();
    for (number, models) in models.chunks(10 * CALLS).enumerate() {
        writeln!(
            out,
            "fn readers_{number}(readers: &mut BTreeMap<&'static str, Reader>) {{"
        )?;
        for Model { name, rust, .. } in models {
            writeln!(out, "    readers.insert(\"{name}\", read::<{rust}>);")?;
        }
        writeln!(out, "}}\n")?;
        writeln!(all, "    readers_{number}(&mut readers);")?;
    }
    writeln!(
        out,
        "fn readers() -> BTreeMap<&'static str, Reader> {{\n    let mut readers = \
         BTreeMap::new();\n{all}    readers\n}}"
    )?;
    Ok(out)
}

/// Returns each model's Rust type, and each property with its Rust type and whether it holds a
/// secret.
fn properties(models: &[Model<'_>]) -> serde_json::Value {
    let of = |model: &Model<'_>| {
        let properties = model.properties.iter().filter(|p| p.field.is_some());
        let properties = properties.map(|p| {
            let is_secret = secrets::is_secret(model.name, &model.bases, p.name, &p.of);
            json!({ "name": p.name, "of": p.of, "is_secret": is_secret })
        });
        let properties: Vec<_> = properties.collect();
        json!({ "name": model.name, "rust": model.rust, "properties": properties })
    };
    models.iter().map(of).collect()
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
        "fn all(graph: &Graph) -> Result<Vec<Planned>, Box<dyn std::error::Error>> {{\n    let mut \
         calls = Vec::new();\n{all}    Ok(calls)\n}}"
    )?;
    Ok(out)
}
