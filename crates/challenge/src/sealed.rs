//! Sealed bodies: a challenged POST rides in the page, encrypted, and is sent on once.
