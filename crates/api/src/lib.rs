//! The control plane: application API, forward-auth, metrics, OpenAPI.
