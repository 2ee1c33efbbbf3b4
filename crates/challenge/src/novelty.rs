//! Traces seen before: a recording is played once.
