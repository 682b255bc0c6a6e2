//! The targets of navigation properties.

use super::Model;

/// The target of a navigation property: one model, or a `Vec` of models.
pub trait Related {
    /// The model of the related entities.
    type Model: Model;
}

impl<R: Model> Related for R {
    type Model = R;
}

impl<R: Model> Related for Vec<R> {
    type Model = R;
}
