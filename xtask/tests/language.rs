//! The language of generated code, which is not a file of the repository.

use std::path::Path;

use msgraph_codegen::{Description, Facts, Generator};
use xtask::language;

#[test]
fn generated_docs_begin_with_verb_or_noun() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let description = Description::read(&folder).expect("the description");
    let facts = Facts::read(&folder).expect("the facts");
    let generator = Generator::new(&description).with_facts(facts);
    let generated = generator.generate().expect("the code");
    let models = generated.write_models().expect("the models");
    let files = [
        ("models.rs", &models.text),
        ("nodes.rs", &generated.nodes),
        ("options.rs", &generated.options),
        ("facts.rs", &generated.facts),
        ("segments.rs", &generated.segments),
    ];
    for (name, text) in files {
        let found = language::check_generated(name, text);
        assert!(
            found.is_empty(),
            "{} violations, first {}",
            found.len(),
            found[0]
        );
    }
}
