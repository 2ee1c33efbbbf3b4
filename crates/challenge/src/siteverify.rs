//! The three flavours of siteverify: their fields, codes and quirks.
