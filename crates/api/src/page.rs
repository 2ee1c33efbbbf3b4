//! The page made from the OpenAPI document: no script, nothing from elsewhere.

use std::sync::LazyLock;

/// The page.
pub(crate) static TEXT: LazyLock<String> = LazyLock::new(String::new);

/// What the page may load: its own style, and nothing else.
pub(crate) static POLICY: LazyLock<String> = LazyLock::new(String::new);
