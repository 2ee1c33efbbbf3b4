//! The data plane: observe, ask the guard, carry out, pass on.
