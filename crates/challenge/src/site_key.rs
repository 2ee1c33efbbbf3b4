//! Site keys: public names of sites that use the widget, and the secrets of their servers.
