//! Token bucket, sliding window, decaying averages, sketches and bounded tables; the clock is an argument.
