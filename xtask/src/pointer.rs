//! The position of an element in a document: a JSON pointer (RFC 6901).

use std::fmt;

/// A step into a document. Steps live on the stack of the walking function, so that a walk costs
/// nothing until a pointer is printed.
#[derive(Clone, Copy)]
pub struct Pointer<'a> {
    parent: Option<&'a Pointer<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a str),
    At(usize),
}

impl<'a> Pointer<'a> {
    /// The whole document.
    pub const ROOT: Pointer<'static> = Pointer {
        parent: None,
        step: Step::Root,
    };

    /// Returns a pointer to the member `name` of this pointer's target.
    pub fn name(&'a self, name: &'a str) -> Pointer<'a> {
        Pointer {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    /// Returns a pointer to the item `at` of this pointer's target.
    pub fn at(&'a self, at: usize) -> Pointer<'a> {
        Pointer {
            parent: Some(self),
            step: Step::At(at),
        }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(out)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) => write!(out, "/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::At(at) => write!(out, "/{at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;

    #[test]
    fn pointer_names_are_escaped_as_rfc_6901() {
        let root = Pointer::ROOT;
        assert_eq!(root.to_string(), "");
        let paths = root.name("paths");
        let path = paths.name("/a~b/{id}");
        assert_eq!(path.at(0).to_string(), "/paths/~1a~0b~1{id}/0");
    }
}
