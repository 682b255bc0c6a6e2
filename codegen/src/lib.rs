//! Generator of `msgraph`.
