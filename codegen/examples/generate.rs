//! Generates code from a folder with the trimmed description into another folder. Prints the size
//! of the code and the time that it took. Names of areas after the folders select these areas.

use std::path::Path;
use std::time::Instant;

use msgraph_codegen::{Areas, Description, Facts, Generator, Selection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: generate OPENAPI-FOLDER OUTPUT-FOLDER [AREA...]".into());
    };
    let named: Vec<_> = arguments.collect();
    let selection = match Areas::read(Path::new(&from))? {
        Some(areas) if !named.is_empty() => {
            let enabled = areas.named(|name| named.iter().any(|of| of == name));
            Selection::new(areas, enabled, false)
        }
        _ => Selection::default(),
    };
    let start = Instant::now();
    let description = Description::read(Path::new(&from))?;
    let facts = Facts::read(Path::new(&from))?;
    println!("read {:?}", start.elapsed());
    let generator = Generator::new(&description).with_facts(facts);
    let generated = generator.with_selection(selection).generate()?;
    generated.write_to(Path::new(&to))?;
    println!(
        "{:?}, {} expressions",
        generated.stats()?,
        generated.expressions().len()
    );
    println!("done {:?}", start.elapsed());
    Ok(())
}
