//! Questions asked of the outside world, always behind a queue: names of addresses, published ranges, key directories.
