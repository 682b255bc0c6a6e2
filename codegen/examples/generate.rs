//! Generates code from a folder with the trimmed description into another folder. Prints the size
//! of the code and the time that it took.

use std::path::Path;
use std::time::Instant;

use msgraph_codegen::{Description, Facts, Generator};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(from), Some(to)) = (arguments.next(), arguments.next()) else {
        return Err("usage: generate OPENAPI-FOLDER OUTPUT-FOLDER".into());
    };
    let start = Instant::now();
    let description = Description::read(Path::new(&from))?;
    let facts = Facts::read(Path::new(&from))?;
    println!("read {:?}", start.elapsed());
    let generated = Generator::new(&description).with_facts(facts).generate()?;
    generated.write_to(Path::new(&to))?;
    println!(
        "{:?}, {} expressions",
        generated.stats,
        generated.expressions().len()
    );
    println!("done {:?}", start.elapsed());
    Ok(())
}
