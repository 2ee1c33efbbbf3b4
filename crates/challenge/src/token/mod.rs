//! Result tokens: what a widget hands to the site's server (JWT, RFC 7519).
